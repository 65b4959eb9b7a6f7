//! Tells cargo to look at the web app's files where they go into the binary. It builds nothing: `npm run build` in `ui/`
//! does, and a build without them works.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build reads them when it runs.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=ui/dist");
    }
}
