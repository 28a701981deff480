//! The `header`, `header2` and `xheader` sections: what the examiner and the acquisition tool wrote about the case (EWF
//! specification, "Header section").

use crate::error::{Error, Result};
use std::{collections::BTreeMap, io::Read};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// Bytes that such a section may have once inflated; real ones have a few hundred.
const MOST: u64 = 16 << 20;

/// The values' identifiers in the section, and their names here.
const VALUES: &[(&str, &str)] = &[
    ("a", "description"),
    ("c", "case_number"),
    ("n", "evidence_number"),
    ("e", "examiner"),
    ("t", "notes"),
    ("m", "acquired"),
    ("u", "system_date"),
    ("av", "acquisition_version"),
    ("ov", "platform"),
    ("r", "compression"),
    ("md", "model"),
    ("sn", "serial_number"),
    ("l", "device_label"),
    ("pid", "process_identifier"),
    ("ext", "extents"),
    ("p", "password_hash"),
];

/// Parses a `header` (text in an 8-bit character set) or `header2` (UTF-16) section.
pub(super) fn parse_header(content: &[u8], at: u64) -> Result<BTreeMap<String, String>> {
    let text = decode(&inflate(content, at)?);
    let mut lines = text.lines().skip_while(|line| line.trim_end() != "main").skip(1);
    let (names, values) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let mut metadata = BTreeMap::new();
    for (name, value) in names.split('\t').zip(values.split('\t')) {
        let known = VALUES.iter().find(|(identifier, _)| *identifier == name.trim());
        let value = value.trim();
        if let Some((_, key)) = known
            && !value.is_empty()
            && !(*key == "password_hash" && value == "0")
        {
            metadata.insert((*key).to_owned(), interpret(key, value));
        }
    }
    Ok(metadata)
}

/// Parses an `xheader` or `xhash` section: an XML document of plain elements.
pub(super) fn parse_xml(content: &[u8], at: u64) -> Result<BTreeMap<String, String>> {
    let text = decode(&inflate(content, at)?);
    let mut values = BTreeMap::new();
    let mut parts = text.split('<').skip(1).peekable();
    while let Some(part) = parts.next() {
        let closes = |next: &&str| next.starts_with('/');
        if let Some((name, value)) = part.split_once('>')
            && !name.starts_with(['/', '?'])
            && parts.peek().is_some_and(closes)
            && !value.trim().is_empty()
        {
            let value = value.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            values.insert(name.trim().to_owned(), value);
        }
    }
    Ok(values)
}

fn inflate(content: &[u8], at: u64) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::ZlibDecoder::new(content)
        .take(MOST)
        .read_to_end(&mut text)
        .map_err(|error| Error::corrupt("EWF header section", at, "a zlib stream", error))?;
    Ok(text)
}

/// UTF-16 with a byte order mark, UTF-8, or otherwise Windows' Latin character set (of which only ASCII and Latin-1 are
/// told apart here).
fn decode(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(unit).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        },
    }
}

/// Dates in ISO form: with `Z` where the section gives seconds since 1970, without a zone where it gives local time.
fn interpret(key: &str, value: &str) -> String {
    let interpreted = match key {
        "acquired" | "system_date" => date(value),
        "compression" => match value {
            "n" => Some("none".to_owned()),
            "f" => Some("fast".to_owned()),
            "b" => Some("best".to_owned()),
            _ => None,
        },
        _ => None,
    };
    interpreted.unwrap_or_else(|| value.to_owned())
}

fn date(value: &str) -> Option<String> {
    let numbers: Vec<i64> = value.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>().ok()?;
    match *numbers.as_slice() {
        [seconds] => {
            let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
            Some(format!("{}Z", iso(PrimitiveDateTime::new(time.date(), time.time()))))
        }
        [year, month, day, hour, minute, second] => {
            let small = |number: i64| u8::try_from(number).ok();
            let month = Month::try_from(small(month)?).ok()?;
            let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, small(day)?).ok()?;
            let time = Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()?;
            Some(iso(PrimitiveDateTime::new(date, time)))
        }
        _ => None,
    }
}

fn iso(time: PrimitiveDateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", clock.hour(), clock.minute(), clock.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_iso_and_say_whether_they_are_utc() {
        assert_eq!(interpret("acquired", "1560179485"), "2019-06-10T15:11:25Z");
        assert_eq!(interpret("system_date", "2019 6 10 16 11 25"), "2019-06-10T16:11:25");
        assert_eq!(interpret("acquired", "2019 13 10 16 11 25"), "2019 13 10 16 11 25");
        assert_eq!(interpret("acquired", "yesterday"), "yesterday");
    }

    #[test]
    fn text_is_decoded_by_its_byte_order_mark() {
        assert_eq!(decode(b"\xff\xfea\0\xe9\0"), "aé");
        assert_eq!(decode(b"\xfe\xff\0a\0\xe9"), "aé");
        assert_eq!(decode(b"a\xe9"), "aé");
        assert_eq!(decode("aé".as_bytes()), "aé");
    }
}
