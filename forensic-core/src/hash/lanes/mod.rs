//! MD5, SHA-1 and SHA-256 of many streams at once: one stream a lane of a vector register.
//!
//! Each step of these algorithms waits for the one before, and works on one word of 32 bits; streams that are independent
//! fill what a core has besides. A lane takes the next stream as soon as its own ends. What is left when few streams are, and
//! what follows the last whole block of a stream, goes the way of a stream alone.

mod feed;
mod kernel;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod quad;
mod rounds;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(super) use feed::feed;
pub(super) use kernel::Width;

#[cfg(test)]
mod tests;
