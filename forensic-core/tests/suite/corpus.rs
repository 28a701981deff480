//! Where third-party images and their truth are found.
#![allow(dead_code)]

use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// The corpus folder, where there is one.
pub fn root() -> Option<PathBuf> {
    let root = std::env::var_os("FORENSIC_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    root.is_dir().then_some(root)
}

/// A file of the corpus; says plainly when it is absent.
pub fn file(path: &str) -> Option<PathBuf> {
    let found = root().map(|root| root.join(path)).filter(|file| file.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: {path} is not in FORENSIC_CORPUS");
    }
    found
}

/// The content of a file of the corpus, unpacked if its name ends in `.xz`.
pub fn read(path: &str) -> Option<Vec<u8>> {
    file(path).map(|file| unpack(&file))
}

/// The content of a file, unpacked if its name ends in `.xz`.
pub fn unpack(file: &Path) -> Vec<u8> {
    let packed = std::fs::read(file).unwrap();
    if file.extension().is_none_or(|extension| extension != "xz") {
        return packed;
    }
    // The program is many times faster than the crate in a debug build.
    if let Ok(unpacked) = std::process::Command::new("xz").arg("-dc").arg(file).output()
        && unpacked.status.success()
    {
        return unpacked.stdout;
    }
    let mut bytes = Vec::new();
    lzma_rs::xz_decompress(&mut packed.as_slice(), &mut bytes).unwrap();
    bytes
}

/// An image of one of Debian's `forensics-samples-*` packages; says plainly when the package is not installed.
pub fn debian_sample(name: &str) -> Option<Vec<u8>> {
    let file = Path::new("/usr/share/forensics-samples").join(name);
    if !file.is_file() {
        eprintln!("SKIPPED: {} is absent (apt-get install forensics-samples-*)", file.display());
        return None;
    }
    Some(unpack(&file))
}

/// A row of `images/truth/*.tsv`.
#[derive(Debug, Clone)]
pub struct Row {
    /// TSK's pair of name type and metadata type, "r/r".
    pub kind: String,
    pub live: bool,
    pub address: String,
    pub size: Option<u64>,
    pub md5: Option<String>,
    /// Without a leading slash.
    pub path: String,
}

/// The Sleuth Kit's listing of an image.
pub fn truth(name: &str) -> Option<Vec<Row>> {
    let mut text = String::new();
    std::fs::File::open(file(&format!("images/truth/{name}.tsv"))?).unwrap().read_to_string(&mut text).unwrap();
    let row = |line: &str| {
        let mut fields = line.splitn(6, '\t').map(str::to_owned);
        let mut next = || fields.next().unwrap();
        let (kind, live, address, size, md5, path) = (next(), next(), next(), next(), next(), next());
        Row { kind, live: live == "live", address, size: size.parse().ok(), md5: (md5 != "-").then_some(md5), path }
    };
    Some(text.lines().map(row).collect())
}

/// Keeps a fixture as a seed of a fuzz target, in the folder `FORENSIC_FUZZ_SEEDS` where that is set.
pub fn seed(target: &str, bytes: &[u8]) {
    let Some(folder) = std::env::var_os("FORENSIC_FUZZ_SEEDS") else { return };
    let folder = PathBuf::from(folder).join(target);
    std::fs::create_dir_all(&folder).unwrap();
    let name =
        bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    std::fs::write(folder.join(format!("{name:016x}")), bytes).unwrap();
}
