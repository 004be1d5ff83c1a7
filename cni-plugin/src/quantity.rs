//! Quantities as Kubernetes writes them in annotations: `10M`, `1.5Gi`,
//! `2e6`. Decides.
//!
//! <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>

/// Longest text that is looked at; no quantity of 64 bits is longer.
const MAX_BYTES: usize = 40;

/// Digits behind the point that count. More say nothing of whole units.
const FRACTION_DIGITS: u32 = 9;

/// The quantity in whole units, rounded up; none where it is not one, is
/// negative, or does not fit.
pub(crate) fn parse(text: &str) -> Option<u64> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let billionths = billionths(number)?;
    let (times, over) = factor(suffix)?;
    let over = over.checked_mul(10_u128.pow(FRACTION_DIGITS))?;
    let whole = billionths.checked_mul(times)?.div_ceil(over);
    u64::try_from(whole).ok()
}

/// A decimal number in units of 10^-9.
fn billionths(number: &str) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = fraction.chars().chain(std::iter::repeat('0'));
    let digits: String =
        whole.chars().chain(digits.take(FRACTION_DIGITS as usize)).collect();
    digits.parse().ok()
}

/// By what a suffix multiplies and divides.
fn factor(suffix: &str) -> Option<(u128, u128)> {
    let binary = |power: u32| Some((1_u128 << (10 * power), 1));
    let decimal = |power: u32| Some((10_u128.pow(power), 1));
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1_000)),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => exponent(suffix),
    }
}

/// `e6`, `E-3`.
fn exponent(suffix: &str) -> Option<(u128, u128)> {
    let power = suffix.strip_prefix(['e', 'E'])?;
    let power: i32 = power.parse().ok().filter(|p| (-18..=18).contains(p))?;
    let factor = 10_u128.pow(power.unsigned_abs());
    Some(if power < 0 { (1, factor) } else { (factor, 1) })
}

#[cfg(test)]
mod tests;
