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

/// MD5 and path of the files that Debian's images were made from and that were deleted in them.
#[rustfmt::skip]
pub const DEBIAN_DELETED: [(&str, &str); 18] = [
    ("d0c815cf221eadda81bf81d69822a23b", "/audio2/deleted.mp3"), ("0938699e7e719c4df413568998ba1ea2", "/audio2/deleted.ogg"),
    ("0cc36473227a6a05e7233905e8df332b", "/audio2/deleted.wav"), ("63a45185c1703e78f2dbba6865843c19", "/movie2/movie-hello.avi"),
    ("0b1a5d8fec8d6a3bbd5ff238520dba80", "/movie2/movie-hello.mp4"), ("fb4ac3c712153f38baa52b4b99d55c12", "/movie2/movie-hello.mpeg"),
    ("9858f7eed0a2707f707350a95932b8e7", "/movie2/movie-hello.ogg"), ("1ea98f960282358fae0aba6541145c96", "/pic2/IMG_20191224_234846.jpg"),
    ("62f582ee3ec1e443ec95319c230fda5f", "/pic2/IMG_20200124_231153.jpg"), ("dc9dd7775b8c9184b6423c6e30ad14da", "/pic2/IMG_20200608_111614.jpg"),
    ("2559482fcf49878a0bb701c3be9a3bc6", "/pic2/d-debian.jpg"), ("38b918b80208995029a658b6781a5b5f", "/pic2/d-debian.png"),
    ("3074543130dfd47fb2e87250a12884c6", "/pic2/d-debian.ppm"), ("c48703ca1104eb2710db94de5309e77c", "/pic2/d-debian.xcf"),
    ("a989bdc25220f49b79a1d79a96d08b73", "/text2/d-text.docx"), ("ed8c2dda35a9d096e2ce42a930c563d6", "/text2/d-text.odt"),
    ("b9f32dfd7cc860eebea423eab3484354", "/text2/d-text.pdf"), ("4fb5d531477018c9a2f94589e84143a2", "/text2/test.sh"),
];

/// Keeps a fixture as a seed of a fuzz target, in the folder `FORENSIC_FUZZ_SEEDS` where that is set.
pub fn seed(target: &str, bytes: &[u8]) {
    let Some(folder) = std::env::var_os("FORENSIC_FUZZ_SEEDS") else { return };
    let folder = PathBuf::from(folder).join(target);
    std::fs::create_dir_all(&folder).unwrap();
    let name =
        bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    std::fs::write(folder.join(format!("{name:016x}")), bytes).unwrap();
}
