//! Compiles the C programs here and in `examples/c` against the library, runs them, and, where there is valgrind, runs
//! them under it. A compiler or a tool that is absent is named.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

const C: &[&str] = &["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L"];
const CXX: &[&str] = &["c++", "-std=c++17"];
const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Werror", "-pedantic", "-g"];
/// What the static library needs of the system.
const NATIVE: &[&str] = &["-lpthread", "-ldl", "-lm"];

#[test]
fn misuse_is_refused_and_never_crashes() {
    run_c("misuse", |_| Vec::new());
}

#[test]
fn evidence_opens_from_memory_callbacks_and_paths() {
    run_c("evidence", |_| Vec::new());
}

#[test]
fn files_are_carved_from_memory_and_evidence() {
    run_c("carve", |folder| vec![folder.to_owned()]);
}

#[test]
fn digests_sets_and_image_hashes_are_reached() {
    run_c("hashes", |folder| vec![folder.to_owned()]);
}

#[test]
fn perceptual_hashes_are_indexed_and_grouped() {
    run_c("index", |folder| vec![folder.to_owned()]);
}

#[test]
fn picture_files_and_frames_are_reached() {
    run_c("pictures", |_| Vec::new());
}

#[test]
fn fat_is_reached_from_evidence_to_report() {
    run_c("filesystem", |folder| vec![volume("fat", folder), folder.to_owned()]);
}

#[test]
fn ntfs_is_reached_from_evidence_to_report() {
    run_c("filesystem", |folder| vec![volume("ntfs", folder), folder.to_owned()]);
}

#[test]
fn the_header_serves_cxx() {
    let folder = TempDir::new().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cxx.cpp");
    if let Some(program) = compile(CXX, &source, folder.path()) {
        run_everywhere(&program, &[]);
    }
}

/// That they print what the Rust examples print is compared by `examples/compare.sh`.
#[test]
fn the_c_examples_run_and_leak_nothing() {
    let folder = TempDir::new().unwrap();
    let (image, records) = (volume("fat", folder.path()), folder.path().join("records.jsonl"));
    let list = folder.path().join("known.md5");
    fs::write(&list, "d41d8cd98f00b204e9800998ecf8427e  empty\n").unwrap();
    for (name, arguments) in [("listing", vec![image.clone()]), ("triage", vec![image, records.clone(), list])] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/c/{name}.c"));
        let Some(program) = compile(C, &source, folder.path()) else { return };
        run_everywhere(&program, &arguments);
    }
    assert!(fs::metadata(&records).unwrap().len() > 1000);
}

fn run_c(name: &str, arguments: impl FnOnce(&Path) -> Vec<PathBuf>) {
    let folder = TempDir::new().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{name}.c"));
    if let Some(program) = compile(C, &source, folder.path()) {
        run_everywhere(&program, &arguments(folder.path()));
    }
}

fn run_everywhere(program: &Path, arguments: &[PathBuf]) {
    succeed(Command::new(program).args(arguments));
    under_valgrind(program, arguments);
}

fn under_valgrind(program: &Path, arguments: &[PathBuf]) {
    if !is_there("valgrind") {
        eprintln!("SKIPPED: valgrind is absent");
        return;
    }
    // What is possibly lost is left out: the standard library keeps a thread's own handle by a pointer into it.
    let checks = ["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99"];
    succeed(Command::new("valgrind").args(checks).arg(program).args(arguments));
}

/// The program made of one source; `None` where the compiler is absent.
fn compile(compiler: &[&str], source: &Path, folder: &Path) -> Option<PathBuf> {
    let (command, dialect) = compiler.split_first().unwrap();
    if !is_there(command) {
        eprintln!("SKIPPED: {command} is absent");
        return None;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = folder.join(source.file_stem().unwrap());
    // Beside this test, not one folder above: only `cargo build` copies it there, and what is there may be older.
    let library = profile_folder().join("deps/libforensic.a");
    let mut compile = Command::new(command);
    compile.args(dialect).args(WARNINGS).arg("-I").arg(here.join("include")).arg("-o").arg(&program).arg(source);
    succeed(compile.arg(library).args(NATIVE));
    Some(program)
}

fn is_there(command: &str) -> bool {
    Command::new(command).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Where cargo puts what it builds: `target/debug` or `target/release`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().to_owned()
}

/// A volume of the sample evidence, unpacked into `folder`.
fn volume(name: &str, folder: &Path) -> PathBuf {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/sample/volumes/{name}.img.gz"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(packed).unwrap()).read_to_end(&mut bytes).unwrap();
    let image = folder.join(format!("{name}.img"));
    fs::write(&image, bytes).unwrap();
    image
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    output
}
