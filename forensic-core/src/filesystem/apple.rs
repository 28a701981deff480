//! What HFS+ and APFS have in common: the flags of BSD, and what the Finder knows of a file.

use super::{attributes::Attributes, model::Value, posix};

/// Flags of a file (`chflags(2)`), by the names that the command takes.
const FLAGS: [(u32, &str); 12] = [
    (0x1, "nodump"),
    (0x2, "user_immutable"),
    (0x4, "user_append"),
    (0x8, "opaque"),
    (0x20, "compressed"),
    (0x40, "tracked"),
    (0x80, "data_vault"),
    (0x8000, "hidden"),
    (0x1_0000, "archived"),
    (0x2_0000, "system_immutable"),
    (0x4_0000, "system_append"),
    (0x8_0000, "restricted"),
];

/// The flag of a file whose content is compressed.
pub(crate) const COMPRESSED: u32 = 0x20;

/// Adds the flags that are set.
pub(crate) fn add_flags(attributes: &mut Attributes, flags: u32) {
    let set = FLAGS.iter().filter(|(flag, _)| flags & flag != 0);
    attributes.extend(set.map(|(_, name)| ((*name).into(), Value::Bool(true))));
}

/// Adds type and creator of a file as the Finder knows them: four bytes each.
pub(crate) fn add_finder_codes(attributes: &mut Attributes, codes: &[u8; 8]) {
    for (key, code) in ["finder_type", "finder_creator"].into_iter().zip(codes.chunks(4)) {
        if code.iter().any(|byte| *byte != 0) {
            let value = match code.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
                true => Value::Text(posix::name(code)),
                false => Value::Bytes(code.to_vec()),
            };
            attributes.insert(key.into(), value);
        }
    }
}
