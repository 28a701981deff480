//! Names of tags (TIFF 6.0; CIPA DC-008, Exif 3.0), and what their bytes mean.

use super::{
    Kind,
    value::{hex, text_of},
};

/// Tags of pictures and of EXIF, in order of number.
#[rustfmt::skip]
const PICTURE: &[(u16, &str)] = &[
    (0x00fe, "NewSubfileType"), (0x00ff, "SubfileType"), (0x0100, "ImageWidth"), (0x0101, "ImageLength"), (0x0102, "BitsPerSample"),
    (0x0103, "Compression"), (0x0106, "PhotometricInterpretation"), (0x010a, "FillOrder"), (0x010d, "DocumentName"),
    (0x010e, "ImageDescription"), (0x010f, "Make"), (0x0110, "Model"), (0x0112, "Orientation"), (0x0115, "SamplesPerPixel"),
    (0x0116, "RowsPerStrip"), (0x011a, "XResolution"), (0x011b, "YResolution"), (0x011c, "PlanarConfiguration"), (0x011d, "PageName"),
    (0x0128, "ResolutionUnit"), (0x0129, "PageNumber"), (0x012d, "TransferFunction"), (0x0131, "Software"), (0x0132, "DateTime"),
    (0x013b, "Artist"), (0x013c, "HostComputer"), (0x013d, "Predictor"), (0x013e, "WhitePoint"), (0x013f, "PrimaryChromaticities"),
    (0x0142, "TileWidth"), (0x0143, "TileLength"), (0x0152, "ExtraSamples"), (0x0153, "SampleFormat"), (0x0211, "YCbCrCoefficients"),
    (0x0212, "YCbCrSubSampling"), (0x0213, "YCbCrPositioning"), (0x0214, "ReferenceBlackWhite"), (0x4746, "Rating"),
    (0x4749, "RatingPercent"), (0x828d, "CFARepeatPatternDim"), (0x828e, "CFAPattern"), (0x8298, "Copyright"), (0x829a, "ExposureTime"),
    (0x829d, "FNumber"), (0x8822, "ExposureProgram"), (0x8824, "SpectralSensitivity"), (0x8827, "PhotographicSensitivity"),
    (0x8828, "OECF"), (0x8830, "SensitivityType"), (0x8831, "StandardOutputSensitivity"), (0x8832, "RecommendedExposureIndex"),
    (0x8833, "ISOSpeed"), (0x8834, "ISOSpeedLatitudeyyy"), (0x8835, "ISOSpeedLatitudezzz"), (0x9000, "ExifVersion"),
    (0x9003, "DateTimeOriginal"), (0x9004, "DateTimeDigitized"), (0x9010, "OffsetTime"), (0x9011, "OffsetTimeOriginal"),
    (0x9012, "OffsetTimeDigitized"), (0x9101, "ComponentsConfiguration"), (0x9102, "CompressedBitsPerPixel"),
    (0x9201, "ShutterSpeedValue"), (0x9202, "ApertureValue"), (0x9203, "BrightnessValue"), (0x9204, "ExposureBiasValue"),
    (0x9205, "MaxApertureValue"), (0x9206, "SubjectDistance"), (0x9207, "MeteringMode"), (0x9208, "LightSource"), (0x9209, "Flash"),
    (0x920a, "FocalLength"), (0x9214, "SubjectArea"), (0x9286, "UserComment"), (0x9290, "SubSecTime"), (0x9291, "SubSecTimeOriginal"),
    (0x9292, "SubSecTimeDigitized"), (0x9400, "Temperature"), (0x9401, "Humidity"), (0x9402, "Pressure"), (0x9403, "WaterDepth"),
    (0x9404, "Acceleration"), (0x9405, "CameraElevationAngle"), (0x9c9b, "XPTitle"), (0x9c9c, "XPComment"), (0x9c9d, "XPAuthor"),
    (0x9c9e, "XPKeywords"), (0x9c9f, "XPSubject"), (0xa000, "FlashpixVersion"), (0xa001, "ColorSpace"), (0xa002, "PixelXDimension"),
    (0xa003, "PixelYDimension"), (0xa004, "RelatedSoundFile"), (0xa20b, "FlashEnergy"), (0xa20c, "SpatialFrequencyResponse"),
    (0xa20e, "FocalPlaneXResolution"), (0xa20f, "FocalPlaneYResolution"), (0xa210, "FocalPlaneResolutionUnit"),
    (0xa214, "SubjectLocation"), (0xa215, "ExposureIndex"), (0xa217, "SensingMethod"), (0xa300, "FileSource"), (0xa301, "SceneType"),
    (0xa302, "CFAPattern"), (0xa401, "CustomRendered"), (0xa402, "ExposureMode"), (0xa403, "WhiteBalance"), (0xa404, "DigitalZoomRatio"),
    (0xa405, "FocalLengthIn35mmFilm"), (0xa406, "SceneCaptureType"), (0xa407, "GainControl"), (0xa408, "Contrast"), (0xa409, "Saturation"),
    (0xa40a, "Sharpness"), (0xa40b, "DeviceSettingDescription"), (0xa40c, "SubjectDistanceRange"), (0xa420, "ImageUniqueID"),
    (0xa430, "CameraOwnerName"), (0xa431, "BodySerialNumber"), (0xa432, "LensSpecification"), (0xa433, "LensMake"), (0xa434, "LensModel"),
    (0xa435, "LensSerialNumber"), (0xa436, "ImageTitle"), (0xa437, "Photographer"), (0xa438, "ImageEditor"), (0xa439, "CameraFirmware"),
    (0xa43a, "RAWDevelopingSoftware"), (0xa43b, "ImageEditingSoftware"), (0xa43c, "MetadataEditingSoftware"), (0xa460, "CompositeImage"),
    (0xa461, "SourceImageNumberOfCompositeImage"), (0xa462, "SourceExposureTimesOfCompositeImage"), (0xa500, "Gamma"),
    (0xc612, "DNGVersion"), (0xc614, "UniqueCameraModel"), (0xc62f, "CameraSerialNumber"),
];

/// Tags of a GPS directory.
#[rustfmt::skip]
const GPS: &[(u16, &str)] = &[
    (0x00, "GPSVersionID"), (0x01, "GPSLatitudeRef"), (0x02, "GPSLatitude"), (0x03, "GPSLongitudeRef"), (0x04, "GPSLongitude"),
    (0x05, "GPSAltitudeRef"), (0x06, "GPSAltitude"), (0x07, "GPSTimeStamp"), (0x08, "GPSSatellites"), (0x09, "GPSStatus"),
    (0x0a, "GPSMeasureMode"), (0x0b, "GPSDOP"), (0x0c, "GPSSpeedRef"), (0x0d, "GPSSpeed"), (0x0e, "GPSTrackRef"), (0x0f, "GPSTrack"),
    (0x10, "GPSImgDirectionRef"), (0x11, "GPSImgDirection"), (0x12, "GPSMapDatum"), (0x13, "GPSDestLatitudeRef"),
    (0x14, "GPSDestLatitude"), (0x15, "GPSDestLongitudeRef"), (0x16, "GPSDestLongitude"), (0x17, "GPSDestBearingRef"),
    (0x18, "GPSDestBearing"), (0x19, "GPSDestDistanceRef"), (0x1a, "GPSDestDistance"), (0x1b, "GPSProcessingMethod"),
    (0x1c, "GPSAreaInformation"), (0x1d, "GPSDateStamp"), (0x1e, "GPSDifferential"), (0x1f, "GPSHPositioningError"),
];

/// Tags of an interoperability directory.
const INTEROP: &[(u16, &str)] = &[
    (0x0001, "InteroperabilityIndex"),
    (0x0002, "InteroperabilityVersion"),
    (0x1000, "RelatedImageFileFormat"),
    (0x1001, "RelatedImageWidth"),
    (0x1002, "RelatedImageLength"),
];

/// The name of a tag; of one that has none, its number ("0x9a00").
pub(in crate::picture) fn name_of(kind: Kind, tag: u16) -> String {
    let names = match kind {
        Kind::Gps => GPS,
        Kind::Interop => INTEROP,
        _ => PICTURE,
    };
    let found = names.binary_search_by_key(&tag, |(tag, _)| *tag).ok().and_then(|index| names.get(index));
    found.map_or_else(|| format!("0x{tag:04x}"), |(_, name)| (*name).to_owned())
}

/// True for tags that say where something stands, or hold a whole structure: the parts of the picture, other directories, XMP,
/// IPTC, Photoshop's resources, a colour profile, and the maker's own notes.
pub(super) fn is_structure(tag: u16) -> bool {
    matches!(
        tag,
        0x0111 | 0x0117 | 0x0120 | 0x0121 | 0x0140 | 0x0144 | 0x0145 | 0x014a | 0x015b | 0x0200
            ..=0x0202 | 0x02bc | 0x83bb | 0x8649 | 0x8769 | 0x8773 | 0x8825 | 0x927c | 0xa005 | 0xc634
    )
}

/// The bytes of a tag, in writing.
pub(super) fn bytes_text(tag: u16, bytes: &[u8]) -> String {
    match tag {
        0x9000 | 0xa000 | 0x0002 => text_of(bytes),
        0x9286 | 0x001b | 0x001c => coded_text(bytes),
        0x9c9b..=0x9c9f => utf16_text(bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair))),
        _ if bytes.len() <= 4 => bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(" "),
        _ => hex(bytes),
    }
}

/// Text behind eight bytes that name its code.
fn coded_text(bytes: &[u8]) -> String {
    let Some((code, text)) = bytes.split_at_checked(8) else { return text_of(bytes) };
    match code {
        b"UNICODE\0" => {
            // The order of bytes is that of the file, or not: what is text has its zeros in the same half of each pair.
            let pairs = text.as_chunks::<2>().0;
            let zeros = |half: usize| pairs.iter().filter(|pair| pair.get(half) == Some(&0)).count();
            let (first, second) = (zeros(0), zeros(1));
            let unit =
                |pair: &[u8; 2]| if first > second { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
            utf16_text(pairs.iter().map(unit))
        }
        b"ASCII\0\0\0" | b"\0\0\0\0\0\0\0\0" => text_of(text),
        b"JIS\0\0\0\0\0" => hex(text),
        _ => text_of(bytes),
    }
}

fn utf16_text(units: impl Iterator<Item = u16>) -> String {
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.trim_end_matches(['\0', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_order_of_number() {
        for names in [PICTURE, GPS, INTEROP] {
            assert!(names.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
        assert_eq!(name_of(Kind::Exif, 0x9003), "DateTimeOriginal");
        assert_eq!(name_of(Kind::Gps, 0x1d), "GPSDateStamp");
        assert_eq!(name_of(Kind::Exif, 0x9a00), "0x9a00");
    }

    #[test]
    fn a_comment_is_read_in_its_code() {
        assert_eq!(bytes_text(0x9286, b"ASCII\0\0\0hello\0"), "hello");
        assert_eq!(bytes_text(0x9286, b"UNICODE\0h\0i\0"), "hi");
        assert_eq!(bytes_text(0x9286, b"UNICODE\0\0h\0i"), "hi");
    }
}
