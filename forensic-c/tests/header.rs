//! The header that is checked in is the one cbindgen makes from the sources.

use std::path::Path;

#[test]
fn the_header_is_that_of_the_sources() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let mut made = Vec::new();
    cbindgen::Builder::new().with_config(config).with_crate(here).generate().unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();

    let header = here.join("include/forensic.h");
    if std::env::var_os("FORENSIC_UPDATE_HEADER").is_some() {
        std::fs::create_dir_all(here.join("include")).unwrap();
        std::fs::write(&header, &made).unwrap();
    }
    let checked_in = std::fs::read_to_string(&header).unwrap_or_default();
    let first_difference = made.lines().zip(checked_in.lines().chain(std::iter::repeat(""))).find(|(a, b)| a != b);
    assert!(
        made == checked_in,
        "include/forensic.h is stale (first difference: {first_difference:?}); \
         make it anew with FORENSIC_UPDATE_HEADER=1 cargo test -p forensic-c --test header"
    );
}
