//! Names of fields with `*` for any characters and `?` for one. Case is not looked at, nor are the hyphens, underscores,
//! dots and blanks between the words of a name: `*api_key*` is `X-Api-Key` and `apiKey`, too.

/// A name with gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<char>);

impl Glob {
    pub fn new(text: &str) -> Self {
        Self(plain(text))
    }

    /// How much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.0.capacity() * size_of::<char>()
    }

    pub fn matches(&self, name: &str) -> bool {
        let (glob, name) = (&self.0, plain(name));
        let (mut at, mut here) = (0, 0);
        // Where the last star was, and how far it reaches so far.
        let mut star: Option<(usize, usize)> = None;
        while here < name.len() {
            match glob.get(at) {
                Some('*') => {
                    star = Some((at, here));
                    at += 1;
                }
                Some(c) if *c == '?' || *c == name[here] => {
                    at += 1;
                    here += 1;
                }
                _ => {
                    let Some((place, reach)) = star else { return false };
                    star = Some((place, reach + 1));
                    (at, here) = (place + 1, reach + 1);
                }
            }
        }
        glob[at..].iter().all(|c| *c == '*')
    }
}

fn plain(text: &str) -> Vec<char> {
    text.chars().filter(|c| !"-_. ".contains(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_matches_however_its_words_are_joined() {
        for (glob, name, is_match) in [
            ("*api_key*", "X-Api-Key", true),
            ("*api_key*", "apiKey", true),
            ("*api_key*", "api", false),
            ("authorization", "Authorization", true),
            ("authorization", "authorizations", false),
            ("*token*", "refresh_tokens", true),
            ("pin?", "pin1", true),
            ("pin?", "pin", false),
            ("a*b*c", "aXbXXc", true),
            ("a*b*c", "aXbXX", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("*ÄRGER*", "kein_ärger_hier", true),
        ] {
            assert_eq!(Glob::new(glob).matches(name), is_match, "{glob} {name}");
        }
    }
}
