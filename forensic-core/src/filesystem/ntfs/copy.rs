//! The copy that every LZ77 algorithm makes of what it has unpacked before.

/// Fills `out` from `filled` on with `length` bytes that stand `distance` bytes before; gives the new end.
///
/// # Errors
/// Where the copy begins before `out` or ends behind it.
pub(super) fn copy_back(out: &mut [u8], filled: usize, distance: usize, length: usize) -> Result<usize, &'static str> {
    let from = filled.checked_sub(distance).filter(|_| distance > 0).ok_or("a copy from before the chunk")?;
    let end = filled.checked_add(length).filter(|end| *end <= out.len()).ok_or("a chunk longer than it should be")?;
    if length <= distance {
        out.copy_within(from..from.saturating_add(length), filled);
        return Ok(end);
    }
    // The copy reads what it has just written: a pattern of `distance` bytes again and again.
    let mut at = filled;
    while at < end {
        let now = at.saturating_sub(from).min(end.saturating_sub(at));
        out.copy_within(from..from.saturating_add(now), at);
        at = at.saturating_add(now);
    }
    Ok(end)
}
