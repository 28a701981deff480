//! Where and when a picture was taken, in numbers (CIPA DC-008, 4.6.6).

use super::{Directories, Kind};

const LATITUDE_REF: u16 = 1;
const LATITUDE: u16 = 2;
const LONGITUDE_REF: u16 = 3;
const LONGITUDE: u16 = 4;
const ALTITUDE_REF: u16 = 5;
const ALTITUDE: u16 = 6;
const TIME: u16 = 7;
const DATE: u16 = 29;

/// A place, as the picture's own GPS data give it. What is missing or impossible (a latitude of 200°) is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Gps {
    /// Degrees, north positive.
    pub latitude: Option<f64>,
    /// Degrees, east positive.
    pub longitude: Option<f64>,
    /// Metres above the sea (below: negative).
    pub altitude: Option<f64>,
    /// UTC, as in "2024-05-17T08:30:15Z"; the time alone where there is no date.
    pub timestamp: Option<String>,
}

impl Gps {
    pub(super) fn read(directories: &mut Directories) -> Option<Self> {
        let ifd = directories.first(Kind::Gps)?;
        let latitude = coordinate(directories, ifd, (LATITUDE, LATITUDE_REF), 90.0);
        let longitude = coordinate(directories, ifd, (LONGITUDE, LONGITUDE_REF), 180.0);
        let below = directories.number(ifd, ALTITUDE_REF).is_some_and(|reference| matches!(reference, 1 | 3));
        let altitude = directories.value(ifd, ALTITUDE).and_then(|value| *value.numbers().first()?);
        let altitude = altitude.map(|metres| if below { -metres } else { metres });
        let gps = Self { latitude, longitude, altitude, timestamp: timestamp(directories, ifd) };
        (gps != Self::default()).then_some(gps)
    }
}

/// Degrees, minutes and seconds, with the letter of the hemisphere.
fn coordinate(directories: &mut Directories, ifd: usize, (tag, reference): (u16, u16), most: f64) -> Option<f64> {
    let parts = directories.value(ifd, tag)?.numbers();
    let [degrees, minutes, seconds] = [0, 1, 2].map(|index| parts.get(index).copied().flatten());
    let degrees = degrees? + minutes.unwrap_or(0.0) / 60.0 + seconds.unwrap_or(0.0) / 3600.0;
    let hemisphere = directories.value(ifd, reference);
    let south_or_west = hemisphere
        .as_ref()
        .and_then(|value| value.as_text())
        .is_some_and(|text| matches!(text.as_bytes().first(), Some(b'S' | b's' | b'W' | b'w')));
    let degrees = if south_or_west { -degrees } else { degrees };
    Some(degrees).filter(|degrees| degrees.abs() <= most)
}

fn timestamp(directories: &mut Directories, ifd: usize) -> Option<String> {
    let parts = directories.value(ifd, TIME)?.numbers();
    let [hours, minutes, seconds] = [0, 1, 2].map(|index| parts.get(index).copied().flatten());
    let (hours, minutes, seconds) = (hours?, minutes?, seconds?);
    let is_time = (0.0..24.0).contains(&hours) && (0.0..60.0).contains(&minutes) && (0.0..61.0).contains(&seconds);
    if !is_time {
        return None;
    }
    let whole = seconds.fract() == 0.0;
    let seconds = if whole { format!("{seconds:02.0}") } else { format!("{seconds:06.3}") };
    let time = format!("{hours:02.0}:{minutes:02.0}:{seconds}Z");
    let date = directories.value(ifd, DATE);
    let date =
        date.as_ref().and_then(|value| value.as_text()).filter(|text| is_date(text)).map(|text| text.replace(':', "-"));
    Some(date.map_or(time.clone(), |date| format!("{date}T{time}")))
}

fn is_date(text: &str) -> bool {
    let digits =
        |from: usize, to: usize| text.as_bytes().get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    text.len() == 10 && digits(0, 4) && digits(5, 7) && digits(8, 10)
}
