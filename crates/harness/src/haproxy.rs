//! HAProxy's configuration: the shipped file with its marked parts replaced.

use anyhow::Context;

/// `shipped` is `deploy/haproxy.cfg`. `listen` is an address with its port; `instances` are those of the instances.
pub fn config(shipped: &str, listen: &str, instances: &[String]) -> anyhow::Result<String> {
    let servers: Vec<String> = instances
        .iter()
        .enumerate()
        .map(|(n, address)| format!("    server dev-{} {address} check\n", n + 1))
        .collect();
    let mut config = shipped.to_owned();
    for (mark, text) in
        [("docker", ""), ("bind", &format!("    bind {listen}\n")), ("servers", &servers.concat())]
    {
        let (begin, end) = (format!("# >>> {mark}\n"), format!("# <<< {mark}\n"));
        let parts = config.split_once(&begin).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(&end)?;
            // The mark itself may be indented.
            Some((before.trim_end_matches(' ').to_owned(), after.to_owned()))
        });
        let (before, after) = parts.with_context(|| format!("haproxy.cfg has no part marked {mark}"))?;
        config = format!("{before}{text}{after}");
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = "\
frontend f
    # >>> docker
    option x
    # <<< docker
    # >>> bind
    bind :8080
    # <<< bind
backend b
    # >>> servers
    server-template t 3
    # <<< servers
    timeout server 1m
";

    #[test]
    fn the_marked_parts_are_replaced() {
        let instances = ["127.0.0.1:1".to_owned(), "127.0.0.1:2".to_owned()];
        let config = config(SHIPPED, "127.0.0.1:80", &instances).unwrap();
        let expected = "\
frontend f
    bind 127.0.0.1:80
backend b
    server dev-1 127.0.0.1:1 check
    server dev-2 127.0.0.1:2 check
    timeout server 1m
";
        assert_eq!(config, expected);
    }

    #[test]
    fn a_file_without_marks_is_refused() {
        assert!(config("frontend f\n", "127.0.0.1:80", &[]).is_err());
    }
}
