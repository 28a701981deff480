//! IPTC-IIM: records and datasets (IPTC, Information Interchange Model 4.2).

use super::super::exif::text_of;

/// Datasets that are read.
const MOST: usize = 1 << 10;
/// Where a dataset begins.
const MARKER: u8 = 0x1c;

/// Names of the datasets of record 2, in order of number.
#[rustfmt::skip]
const NAMES: &[(u8, &str)] = &[
    (3, "ObjectTypeReference"), (5, "ObjectName"), (7, "EditStatus"), (10, "Urgency"), (12, "SubjectReference"), (15, "Category"),
    (20, "SupplementalCategories"), (22, "FixtureIdentifier"), (25, "Keywords"), (26, "ContentLocationCode"),
    (27, "ContentLocationName"), (30, "ReleaseDate"), (35, "ReleaseTime"), (37, "ExpirationDate"), (38, "ExpirationTime"),
    (40, "SpecialInstructions"), (55, "DateCreated"), (60, "TimeCreated"), (62, "DigitalCreationDate"), (63, "DigitalCreationTime"),
    (65, "OriginatingProgram"), (70, "ProgramVersion"), (80, "By-line"), (85, "By-lineTitle"), (90, "City"), (92, "Sub-location"),
    (95, "Province-State"), (100, "Country-PrimaryLocationCode"), (101, "Country-PrimaryLocationName"),
    (103, "OriginalTransmissionReference"), (105, "Headline"), (110, "Credit"), (115, "Source"), (116, "CopyrightNotice"),
    (118, "Contact"), (120, "Caption-Abstract"), (122, "Writer-Editor"), (130, "ImageType"), (131, "ImageOrientation"),
    (135, "LanguageIdentifier"),
];

/// Names and values of the datasets that hold text, in order.
pub(super) fn datasets(bytes: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let [MARKER, record, number, high, low, after @ ..] = rest {
        let mut length = usize::from(u16::from_be_bytes([*high, *low]));
        let mut body = after;
        // Of a long dataset, this is the number of bytes that tell its length.
        if length & 0x8000 != 0 {
            let Some((wide, behind)) = after.split_at_checked(length & 0x7fff).filter(|(wide, _)| wide.len() <= 4)
            else {
                break;
            };
            length = wide.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            body = behind;
        }
        let Some((value, behind)) = body.split_at_checked(length) else { break };
        rest = behind;
        if found.len() >= MOST {
            break;
        }
        // Number 0 of a record is its version, in binary; record 1 is the envelope.
        if *record >= 2 && *number > 0 {
            found.push((name(*record, *number), text_of(value)));
        }
    }
    found
}

fn name(record: u8, number: u8) -> String {
    let found = NAMES.binary_search_by_key(&number, |(number, _)| *number).ok().filter(|_| record == 2);
    match found.and_then(|index| NAMES.get(index)) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("{record}:{number:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_are_named_in_order_and_one_that_is_cut_ends_them() {
        let bytes = b"\x1c\x02\x00\0\x02\0\x04\x1c\x02\x19\0\x03sea\x1c\x02\x19\0\x03sun\x1c\x02\xc8\0\x01x\x1c\x02\x05\0\x09cut";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(datasets(bytes), [pair("Keywords", "sea"), pair("Keywords", "sun"), pair("2:200", "x")]);
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
