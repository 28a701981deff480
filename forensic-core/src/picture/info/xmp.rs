//! XMP: the packet as it stands, and its simple properties (ISO 16684-1), read without a schema, entities or other files.

use std::collections::BTreeMap;

/// Elements within elements.
const DEEPEST: usize = 32;
/// Properties of one packet, and bytes of one value.
const MOST: usize = 1 << 12;
const LONGEST: usize = 1 << 16;

/// An XMP packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Xmp {
    /// The packet as it stands; what is no UTF-8 is replaced.
    pub packet: String,
    /// Properties by their names with the prefix that the packet uses ("xmp:CreatorTool", "dc:creator"), as many as hold text; the
    /// items of a list with "; " between them.
    pub properties: BTreeMap<String, String>,
}

impl Xmp {
    pub(super) fn new(packet: &[u8]) -> Self {
        let packet = text(packet);
        let mut xmp = Self { properties: BTreeMap::new(), packet };
        let packet = std::mem::take(&mut xmp.packet);
        xmp.walk(&packet);
        xmp.packet = packet;
        xmp
    }

    fn walk(&mut self, mut rest: &str) {
        let mut open: Vec<&str> = Vec::new();
        // Elements too deep to be kept, for their ends to be known.
        let mut deeper = 0usize;
        while let Some((before, tag)) = rest.split_once('<') {
            let value = unescaped(before.trim());
            if !value.is_empty() && deeper == 0 {
                self.put(&open, value);
            }
            let end = match () {
                () if tag.starts_with("!--") => "-->",
                () if tag.starts_with('?') => "?>",
                () => ">",
            };
            let Some((tag, after)) = tag.split_once(end) else { return };
            rest = after;
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if tag.starts_with('/') {
                if deeper > 0 {
                    deeper = deeper.saturating_sub(1);
                } else {
                    open.pop();
                }
                continue;
            }
            let empty = tag.ends_with('/');
            let tag = tag.strip_suffix('/').unwrap_or(tag);
            let (name, attributes) = tag.split_once(|letter: char| letter.is_ascii_whitespace()).unwrap_or((tag, ""));
            self.attributes(attributes);
            match (empty, open.len() < DEEPEST) {
                (true, _) => {}
                (false, true) => open.push(name),
                (false, false) => deeper = deeper.saturating_add(1),
            }
        }
    }

    /// Attributes that are properties: neither namespaces nor RDF's own.
    fn attributes(&mut self, mut rest: &str) {
        while let Some((name, after)) = rest.split_once('=') {
            let name = name.trim();
            let after = after.trim_start();
            let Some(quote) = after.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { return };
            let Some((value, behind)) = after.get(1..).and_then(|after| after.split_once(quote)) else { return };
            rest = behind;
            if !name.starts_with("xmlns") && !name.starts_with("xml:") {
                self.put(&[name], unescaped(value));
            }
        }
    }

    /// Text inside elements: the property is the innermost that is not RDF's own.
    fn put(&mut self, open: &[&str], value: String) {
        let own = |name: &&&str| name.starts_with("rdf:") || name.starts_with("x:");
        let Some(name) = open.iter().rev().find(|name| !own(name)) else { return };
        if value.len() > LONGEST || self.properties.len() >= MOST {
            return;
        }
        let held = self.properties.entry((*name).to_owned()).or_default();
        if held.len() > LONGEST {
            return;
        }
        if !held.is_empty() {
            held.push_str("; ");
        }
        held.push_str(&value);
    }
}

/// A packet in UTF-8, or in UTF-16 as its mark tells.
fn text(packet: &[u8]) -> String {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = packet.as_chunks::<2>().0.iter().map(|pair| read(*pair)).collect::<Vec<_>>();
        String::from_utf16_lossy(&units)
    };
    match packet {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, b'<', ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(packet).trim_end_matches('\0').to_owned(),
    }
}

/// Text with its references replaced: those of XML itself, and numbers.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let reference = after.split_once(';').filter(|(name, _)| name.len() <= 10);
        let letter = reference.and_then(|(name, _)| match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            name => {
                let number = name.strip_prefix('#')?;
                let hex = number.strip_prefix('x').map(|number| u32::from_str_radix(number, 16));
                char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)
            }
        });
        match (letter, reference) {
            (Some(letter), Some((_, after))) => {
                plain.push(letter);
                rest = after;
            }
            _ => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_from_attributes_elements_and_lists() {
        let packet = br#"<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><!-- a > b -->
            <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Tool &amp; Co" xmp:Rating='3'>
            <dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>B&#233;a</rdf:li></rdf:Seq></dc:creator>
            <photoshop:City>Bern</photoshop:City></rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let xmp = Xmp::new(packet);
        let property = |name: &str| xmp.properties.get(name).map(String::as_str);
        assert_eq!(property("xmp:CreatorTool"), Some("Tool & Co"));
        assert_eq!(property("xmp:Rating"), Some("3"));
        assert_eq!(property("dc:creator"), Some("Ann; Béa"));
        assert_eq!(property("photoshop:City"), Some("Bern"));
        assert_eq!(xmp.properties.len(), 4, "{:?}", xmp.properties);
    }

    #[test]
    fn elements_without_end_do_no_harm() {
        let deep = "<a:b>".repeat(100_000) + "text";
        assert!(Xmp::new(deep.as_bytes()).properties.len() <= 1);
        assert!(Xmp::new("<a:b c:d='".as_bytes()).properties.is_empty());
    }
}
