//! Giving votes to leaves: each vote to one leaf at most, each leaf as many as it needs.
//!
//! Votes that fit the same leaves are one class. What is computed is a largest flow from classes to leaves; which of
//! several largest ones is found doesn't matter to [`Filled::missing`] and [`Filled::open`].

use super::tree::LeafSet;

/// How many votes fit just these leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    pub fits: LeafSet,
    pub votes: u32,
}

/// How far votes fill the leaves of one alternative.
#[derive(Debug)]
pub struct Filled {
    /// Slots that stay empty.
    pub missing: u32,
    /// For each class, how many of its votes each leaf got.
    pub given: Vec<[u32; LeafSet::BITS as usize]>,
    left: [u32; LeafSet::BITS as usize],
    alternative: LeafSet,
}

/// The numbers of the leaves in a set, lowest first.
pub fn numbers(set: LeafSet) -> impl Iterator<Item = usize> {
    (0..LeafSet::BITS as usize).filter(move |leaf| set & (1 << leaf) != 0)
}

/// Classes of votes from what each of them fits. A vote that fits none is left out.
pub fn classes(fits: impl Iterator<Item = LeafSet>) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for fits in fits.filter(|fits| *fits != 0) {
        match classes.iter_mut().find(|class| class.fits == fits) {
            Some(class) => class.votes += 1,
            None => classes.push(Class { fits, votes: 1 }),
        }
    }
    classes
}

/// Fills the leaves of `alternative`, each of which needs `counts` of its number.
pub fn fill(classes: &[Class], alternative: LeafSet, counts: &[u32]) -> Filled {
    let mut filled = Filled {
        missing: 0,
        given: vec![[0; LeafSet::BITS as usize]; classes.len()],
        left: [0; LeafSet::BITS as usize],
        alternative,
    };
    for leaf in numbers(alternative) {
        filled.left[leaf] = counts[leaf];
    }
    let mut closed = 0;
    for (number, class) in classes.iter().enumerate() {
        let mut votes = class.votes;
        while votes > 0 {
            let moved = filled.augment(classes, (number, votes), &mut closed);
            if moved == 0 {
                break;
            }
            votes -= moved;
        }
    }
    filled.missing = filled.left.iter().sum();
    filled
}

impl Filled {
    /// The leaves that were to be filled.
    pub fn alternative(&self) -> LeafSet {
        self.alternative
    }

    /// Places up to `most` votes of a class, moving others if it must. Answers how many were placed. Where none could be,
    /// no vote can ever be placed by way of the leaves that were reached: those are `closed` and not looked at again.
    fn augment(&mut self, classes: &[Class], (class, most): (usize, u32), closed: &mut LeafSet) -> u32 {
        let open = self.alternative & !*closed;
        if let Some(leaf) = numbers(classes[class].fits & open).find(|leaf| self.left[*leaf] > 0) {
            let amount = most.min(self.left[leaf]);
            self.given[class][leaf] += amount;
            self.left[leaf] -= amount;
            return amount;
        }
        // From each leaf that was reached: the class whose vote goes there, and the leaf that vote leaves.
        let mut came: [Option<(usize, Option<usize>)>; LeafSet::BITS as usize] = Default::default();
        let mut queue: Vec<usize> = Vec::with_capacity(LeafSet::BITS as usize);
        for leaf in numbers(classes[class].fits & open) {
            came[leaf] = Some((class, None));
            queue.push(leaf);
        }
        let mut next = 0;
        while let Some(&leaf) = queue.get(next) {
            next += 1;
            if self.left[leaf] > 0 {
                return self.shift(&came, leaf, most);
            }
            for (other, given) in self.given.iter().enumerate().filter(|(_, given)| given[leaf] > 0) {
                debug_assert!(given[leaf] <= classes[other].votes);
                for onward in numbers(classes[other].fits & open) {
                    if came[onward].is_none() {
                        came[onward] = Some((other, Some(leaf)));
                        queue.push(onward);
                    }
                }
            }
        }
        *closed |= queue.into_iter().fold(0, |set: LeafSet, leaf| set | (1 << leaf));
        0
    }

    /// Moves votes along the path that ends at `last`.
    fn shift(
        &mut self,
        came: &[Option<(usize, Option<usize>)>; LeafSet::BITS as usize],
        last: usize,
        most: u32,
    ) -> u32 {
        let mut amount = most.min(self.left[last]);
        let mut leaf = last;
        while let Some((class, Some(from))) = came[leaf] {
            amount = amount.min(self.given[class][from]);
            leaf = from;
        }
        let mut leaf = last;
        while let Some((class, from)) = came[leaf] {
            self.given[class][leaf] += amount;
            let Some(from) = from else { break };
            self.given[class][from] -= amount;
            leaf = from;
        }
        self.left[last] -= amount;
        amount
    }

    /// The leaves that one more vote could go to so that less is missing: those that lack votes, and those whose votes
    /// could move to one that does.
    pub fn open(&self, classes: &[Class]) -> LeafSet {
        let lacking = numbers(self.alternative).filter(|leaf| self.left[*leaf] > 0);
        let mut open: LeafSet = lacking.fold(0, |set, leaf| set | (1 << leaf));
        loop {
            let mut more = open;
            for (class, given) in classes.iter().zip(&self.given) {
                if class.fits & open != 0 {
                    more |= numbers(self.alternative)
                        .filter(|leaf| given[*leaf] > 0)
                        .fold(0, |set: LeafSet, leaf| set | (1 << leaf));
                }
            }
            if more == open {
                return open;
            }
            open = more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Votes of every kind there is, few of which find a place: each look for one would go through all of them.
    #[test]
    fn votes_that_find_no_place_cost_little() {
        let begun = std::time::Instant::now();
        let lacking: LeafSet = 1 << 15;
        let crowd: Vec<Class> = (1..lacking).map(|fits| Class { fits, votes: 1 }).collect();
        let filled = fill(&crowd, LeafSet::MAX, &[1; LeafSet::BITS as usize]);
        assert_eq!((filled.missing, filled.open(&crowd)), (1, lacking));
        // The last of those that do find one have others moved.
        let filled = fill(&crowd[..2_000], LeafSet::MAX, &[150; LeafSet::BITS as usize]);
        assert_eq!(filled.missing, 16 * 150 - 11 * 150, "only the first eleven are meant by these");
        // A tenth of a second, against more than a minute.
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    }
}
