//! Variables of the environment that look like one of ours, and are none.

use std::{env, fmt};

use super::defaults;

const PREFIX: &str = "SIGNOFF_";
/// Variables that are no setting of an instance. `./dev` writes the last.
const OTHERS: [&str; 5] =
    ["SIGNOFF_URL", "SIGNOFF_API_KEY", "SIGNOFF_CONFIG", "SIGNOFF_DATABASE_OWNER_URL", "SIGNOFF_URLS"];

/// A name that changes nothing, and the one that was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub struct Misspelt {
    pub name: String,
    pub near: String,
}

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the variable {} is not known and changes nothing; is {} meant?", self.name, self.near)
    }
}

/// Those in the process's environment. What is not near to any of ours may be another program's: Kubernetes makes
/// variables like `SIGNOFF_PORT` for a service of that name.
pub fn misspelt() -> anyhow::Result<Vec<Misspelt>> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    Ok(among(names, &known()?))
}

fn known() -> anyhow::Result<Vec<String>> {
    let table = defaults()?;
    let settings = table.iter().flat_map(|(section, values)| {
        let keys = values.as_table().into_iter().flat_map(|values| values.keys());
        keys.map(move |key| format!("{PREFIX}{}_{}", section.to_uppercase(), key.to_uppercase()))
    });
    let names = settings.chain(OTHERS.map(str::to_owned));
    // Each may be named as a file that holds it.
    Ok(names.flat_map(|name| [format!("{name}_FILE"), name]).collect())
}

fn among(names: impl Iterator<Item = String>, known: &[String]) -> Vec<Misspelt> {
    let ours = names.filter(|name| name.starts_with(PREFIX) && !known.contains(name));
    let mut found: Vec<Misspelt> = ours
        .filter_map(|name| {
            let near = known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(&name.to_uppercase(), known), known))
                .min_by_key(|(distance, _)| *distance)
                .filter(|(distance, known)| *distance <= tolerance(known))?;
            Some(Misspelt { near: near.1.clone(), name })
        })
        .collect();
    found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    found
}

/// How many characters may differ: in a short name, one makes another word.
fn tolerance(known: &str) -> usize {
    if known.len() <= PREFIX.len() + 6 { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_named() {
        let known = known().unwrap();
        let near = |name: &str| among(std::iter::once(name.to_owned()), &known).pop().map(|it| it.near);
        for (name, meant) in [
            ("SIGNOFF_API_KY", "SIGNOFF_API_KEY"),
            ("SIGNOFF_APIKEY", "SIGNOFF_API_KEY"),
            ("SIGNOFF_ULR", "SIGNOFF_URL"),
            ("SIGNOFF_DATABASE_URI", "SIGNOFF_DATABASE_URL"),
            ("SIGNOFF_HTTP_LISEN", "SIGNOFF_HTTP_LISTEN"),
            ("SIGNOFF__HTTP__LISTEN", "SIGNOFF_HTTP_LISTEN"),
            ("SIGNOFF_API_KEY_FLIE", "SIGNOFF_API_KEY_FILE"),
            ("SIGNOFF_http_listen", "SIGNOFF_HTTP_LISTEN"),
        ] {
            assert_eq!(near(name).as_deref(), Some(meant), "{name}");
        }
        for name in [
            "SIGNOFF_API_KEY",
            "SIGNOFF_REDIS_URL_FILE",
            "SIGNOFF_URLS",
            "SIGNOFF_PORT",
            "SIGNOFF_SERVICE_HOST",
            "SIGNOFF_PORT_80_TCP_ADDR",
            "SIGNOFF_REVIEWER",
            "SIGNOFF_APPROVER_KEY",
            "SIGNOF_URL",
            "PATH",
        ] {
            assert_eq!(near(name), None, "{name}");
        }
    }
}
