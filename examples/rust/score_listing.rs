//! Lists every entry of every filesystem of an image, one JSON object a line: `list IMAGE`.

use forensic_core::{
    bytes::{Source, for_each_block},
    evidence::Evidence,
    filesystem::{Kind, Stream, WalkOptions},
};
use md5::{Digest, Md5};
use serde_json::json;

fn md5(source: &Source) -> Option<String> {
    let mut hasher = Md5::new();
    for_each_block(source, 1 << 20, 0, |_, block| {
        hasher.update(block?);
        Ok(())
    })
    .ok()?;
    Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: list IMAGE")?;
    let evidence = Evidence::open(path)?;
    for filesystem in evidence.filesystems() {
        for entry in filesystem.walk(WalkOptions::default()) {
            let content = |stream: &Stream| stream.open().ok();
            let main = entry.stream("").ok().and_then(content);
            let streams: Vec<_> = entry
                .streams
                .iter()
                .filter(|stream| !stream.info.name.is_empty())
                .map(|s| json!({"name": s.info.name, "size": s.info.size, "md5": content(s).and_then(|s| md5(&s))}))
                .collect();
            let extents: Vec<_> = main.iter().flat_map(|s| s.extents()).map(|e| json!([e.offset, e.length])).collect();
            println!(
                "{}",
                json!({
                    "path": entry.path, "status": entry.status.as_str(), "kind": entry.kind.as_str(), "size": entry.size,
                    "md5": if entry.kind == Kind::File { main.as_ref().and_then(md5) } else { None },
                    "recoverability": entry.recoverability.map(|r| r.as_str()),
                    "reason": entry.recoverability_reason, "target": entry.target,
                    "streams": streams, "extents": extents, "volume_offset": filesystem.offset(),
                })
            );
        }
        for issue in filesystem.issues() {
            eprintln!("{issue}");
        }
    }
    for issue in evidence.issues() {
        eprintln!("{issue}");
    }
    Ok(())
}
