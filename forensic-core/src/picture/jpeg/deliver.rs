//! The pixels that were asked for, out of the samples of the components.

use super::{
    Channels, Options,
    colour::{self, Model},
    plane::Plane,
    scan::Planes,
    syntax::markers::Frame,
    upsample::Rows,
};

/// Pixels of a row and rows of a picture at 1/`scale` of `frame`.
pub(super) fn size(frame: &Frame, scale: u32) -> (u32, u32) {
    (frame.width.div_ceil(scale), frame.height.div_ceil(scale))
}

/// The pixels, row by row.
pub(super) fn pixels(frame: &Frame, model: Model, planes: &mut Planes, options: &Options) -> Vec<u8> {
    let (width, height) = size(frame, options.scale);
    let (width, height) = (width as usize, height as usize);
    let only_one = model.needed(options.channels) == 1;
    if only_one
        && options.channels == Channels::Luma
        && let Some(Some(plane)) = planes.first_mut()
        && (plane.width, plane.height) == (width, height)
    {
        return packed(plane);
    }
    let components = frame.components.iter().zip(planes.iter());
    let mut rows: Vec<Rows<'_>> = components
        .filter_map(|(component, plane)| Some(Rows::new(frame, component, plane.as_ref()?, options.scale, width)))
        .collect();
    let (mut pixels, mut rgb) = (vec![0; width * height * options.channels.count()], vec![0; width * 3]);
    for (y, to) in pixels.chunks_exact_mut(width * options.channels.count()).enumerate() {
        let mut components: [&[u8]; 4] = [&[]; 4];
        components.iter_mut().zip(&mut rows).for_each(|(row, rows)| *row = rows.row(y));
        match options.channels {
            Channels::Rgb => model.to_rgb(components, to),
            Channels::Luma if only_one => to.iter_mut().zip(components[0]).for_each(|(to, from)| *to = from ^ 0x80),
            Channels::Luma => {
                model.to_rgb(components, &mut rgb);
                colour::luma(&rgb, to);
            }
        }
    }
    pixels
}

/// The samples of a plane that belong to the picture, as pixels, in the memory they are in.
fn packed(plane: &mut Plane) -> Vec<u8> {
    let (width, stride) = (plane.width, plane.stride);
    let mut samples = std::mem::take(&mut plane.samples);
    for y in 0..plane.height {
        if width != stride {
            samples.copy_within(y * stride..y * stride + width, y * width);
        }
        if let Some(row) = samples.get_mut(y * width..(y + 1) * width) {
            row.iter_mut().for_each(|sample| *sample ^= 0x80);
        }
    }
    samples.truncate(width * plane.height);
    samples
}
