//! Verifies an image and prints what was computed: `verify IMAGE`. The program `peers/run.py` times beside `ewfverify`.

use forensic_core::{NoProgress, evidence::Evidence};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: verify IMAGE")?;
    let verification = Evidence::open(path)?.verify(&NoProgress)?;
    for (algorithm, digest) in &verification.computed {
        println!("{algorithm} {digest}");
    }
    println!("{}", if verification.ok == Some(true) { "ok" } else { "not ok" });
    Ok(())
}
