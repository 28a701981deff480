//! Decodes JPEG files, for comparisons with other decoders.
//!
//! ```text
//!     jpeg time FILE…                    milliseconds of the processor for each way to decode each file, zune-jpeg's beside
//!     jpeg pixels SCALE luma|rgb FILE…   the size and the pixels of each file, in binary: width, height, bytes a pixel (u32, little-endian)
//! ```

use forensic_core::{
    Limits,
    picture::jpeg::{self, Channels, Options},
};
use std::{error::Error, hint::black_box, io::Write, time::Instant};
use zune_jpeg::{JpegDecoder, zune_core::bytestream::ZCursor};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["time", files @ ..] => files.iter().try_for_each(|file| time(file)),
        ["pixels", scale, channels, files @ ..] => {
            let channels = if *channels == "luma" { Channels::Luma } else { Channels::Rgb };
            let options = Options::default().scale(scale.parse()?).channels(channels).partial(true);
            files.iter().try_for_each(|file| pixels(file, &options))
        }
        _ => Err("usage: jpeg time FILE… | jpeg pixels SCALE luma|rgb FILE…".into()),
    }
}

fn time(file: &str) -> Result<(), Box<dyn Error>> {
    let (bytes, limits) = (std::fs::read(file)?, Limits::default());
    for (name, scale, channels) in [
        ("luma", 1, Channels::Luma),
        ("luma/2", 2, Channels::Luma),
        ("luma/4", 4, Channels::Luma),
        ("luma/8", 8, Channels::Luma),
        ("rgb", 1, Channels::Rgb),
        ("rgb/8", 8, Channels::Rgb),
    ] {
        let options = Options::default().scale(scale).channels(channels);
        report(file, name, || {
            black_box(jpeg::decode(&bytes, &options, &limits)?);
            Ok(())
        })?;
    }
    report(file, "zune-jpeg rgb", || {
        let decoded = JpegDecoder::new(ZCursor::new(&bytes)).decode();
        black_box(decoded.map_err(|error| format!("{error:?}"))?);
        Ok(())
    })
}

/// Prints the time of a decode, the mean of several: the system counts a process's time in ticks of some milliseconds.
fn report(file: &str, name: &str, decode: impl Fn() -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    const ROUNDS: u32 = 20;
    (0..ROUNDS / 4).try_for_each(|_| decode())?;
    let (start, processor) = (Instant::now(), processor_time());
    (0..ROUNDS).try_for_each(|_| decode())?;
    let wall = start.elapsed().as_secs_f64();
    let seconds = processor_time().zip(processor).map_or(wall, |(end, start)| (end - start) as f64 / 1e9);
    println!("{file}\t{name}\t{:.4}", seconds * 1e3 / f64::from(ROUNDS));
    Ok(())
}

/// Nanoseconds that this process has had of the processor, where Linux tells: other programs take turns with it.
fn processor_time() -> Option<u64> {
    std::fs::read_to_string("/proc/self/schedstat").ok()?.split(' ').next()?.parse().ok().filter(|time| *time > 0)
}

fn pixels(file: &str, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let Ok(picture) = jpeg::decode(&std::fs::read(file)?, options, &Limits::default()) else {
        out.write_all(&[0; 12])?;
        return Ok(());
    };
    for number in [picture.width, picture.height, picture.channels.count() as u32] {
        out.write_all(&number.to_le_bytes())?;
    }
    Ok(out.write_all(&picture.pixels)?)
}
