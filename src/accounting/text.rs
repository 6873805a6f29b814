//! Times and ids as records spell them, made on the stack: a record has a dozen of them.

use crate::record::RecordId;
use crate::time::Wall;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use std::borrow::Cow;
use std::io::Write;
use std::net::SocketAddr;

/// ASCII text of a fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed<const N: usize>([u8; N]);

impl<const N: usize> Fixed<N> {
    pub fn as_str(&self) -> &str {
        // Made of ASCII below, so this can't fail.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A record's id as 16 hexadecimal digits: as a number it would lose digits in many readers.
pub fn id_text(id: RecordId) -> Fixed<16> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    Fixed(std::array::from_fn(|n| DIGITS[(id.0 >> (60 - 4 * n)) as usize & 15]))
}

/// Only what [`id_text`] writes is read.
pub fn id_of(text: &str) -> Option<RecordId> {
    let plain = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    u64::from_str_radix(text, 16).ok().filter(|_| plain).map(RecordId)
}

/// `2026-11-24T10:00:00.123Z`: RFC 3339 in UTC with milliseconds. Years outside 0 to 9999 are a broken clock's; they
/// become the nearest that can be written.
pub fn time_text(at: Wall) -> Fixed<24> {
    const DAY_MS: i64 = 86_400_000;
    const FIRST: i64 = -62_167_219_200_000;
    const LAST: i64 = 253_402_300_799_999;
    let ms = at.millis().clamp(FIRST, LAST);
    // 32 bits from here on: divisions are cheaper.
    let (day, rest) = (ms.div_euclid(DAY_MS) as i32, ms.rem_euclid(DAY_MS) as u32);
    let (year, month, date) = civil(day);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    put(&mut text, 0, year / 100);
    put(&mut text, 2, year);
    put(&mut text, 5, month);
    put(&mut text, 8, date);
    put(&mut text, 11, rest / 3_600_000);
    put(&mut text, 14, rest / 60_000 % 60);
    put(&mut text, 17, rest / 1000 % 60);
    put(&mut text, 21, rest);
    text[20] = b'0' + (rest % 1000 / 100) as u8;
    Fixed(text)
}

pub fn time_of(text: &str) -> Option<Wall> {
    text.parse::<Timestamp>().ok().map(|at| Wall(at.as_microsecond()))
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar. A year begins in March here, so that the
/// leap day is its last; 146,097 days are the 400 years after which the calendar repeats.
fn civil(day: i32) -> (u32, u32, u32) {
    let since = day + 719_468; // from 0000-03-01
    let (era, of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097) as u32);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + (year + u32::from(month <= 2)) as i32;
    (u32::try_from(year).unwrap_or(0), month, date)
}

/// Two digits.
fn put(text: &mut [u8; 24], at: usize, value: u32) {
    const PAIRS: [[u8; 2]; 100] = {
        let mut pairs = [[b'0'; 2]; 100];
        let mut n = 0;
        while n < 100 {
            pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
            n += 1;
        }
        pairs
    };
    text[at..at + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
}

/// `198.51.100.7:5060`, as `Display` writes it.
pub fn put_address(out: &mut Vec<u8>, address: SocketAddr) {
    let SocketAddr::V4(v4) = address else {
        // Into memory: this can't fail.
        let _ = write!(out, "{address}");
        return;
    };
    for (n, part) in v4.ip().octets().into_iter().enumerate() {
        if n > 0 {
            out.push(b'.');
        }
        put_decimal(out, u16::from(part));
    }
    out.push(b':');
    put_decimal(out, v4.port());
}

fn put_decimal(out: &mut Vec<u8>, number: u16) {
    let mut scale = 10_000;
    while scale > 1 && number < scale {
        scale /= 10;
    }
    while scale > 0 {
        out.push(b'0' + (number / scale % 10) as u8);
        scale /= 10;
    }
}

/// A time inside a JSON line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub Wall);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(time_text(self.0).as_str())
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stamp, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        time_of(&text).map(Stamp).ok_or_else(|| D::Error::custom("no time"))
    }
}

impl JsonSchema for Stamp {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$";
        json_schema!({ "type": "string", "format": "date-time", "pattern": pattern })
    }
}

/// A record's id inside a JSON line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub RecordId);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(id_text(self.0).as_str())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        id_of(&text).map(Id).ok_or_else(|| D::Error::custom("no id"))
    }
}

impl JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{16}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_a_calendar_would() {
        let as_jiff = |ms: i64| format!("{:.3}", Timestamp::from_millisecond(ms).expect("a time"));
        // Leap days, ends of years and centuries, before 1970, and a stretch of odd steps.
        let named =
            [0, -1, 951_782_400_000, 951_868_799_999, 1_709_251_199_999, 4_107_542_400_000, -62_167_219_200_000];
        for ms in named.into_iter().chain((0..4000).map(|n| n * 31_556_951_937 / 7)) {
            assert_eq!(time_text(Wall(ms * 1000 + 7)).as_str(), as_jiff(ms));
            assert_eq!(time_of(time_text(Wall(ms * 1000)).as_str()), Some(Wall(ms * 1000)));
        }
        assert_eq!(time_text(Wall(i64::MAX)).as_str(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn addresses_are_written_as_display_does() {
        for text in ["0.0.0.0:0", "198.51.100.7:5060", "255.255.255.255:65535", "10.0.1.20:80", "[2001:db8::1]:5060"] {
            let mut out = Vec::new();
            put_address(&mut out, text.parse().expect("an address"));
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn ids_are_sixteen_digits() {
        for id in [0, 1, 0xfedc_ba98_7654_3210, u64::MAX] {
            assert_eq!(id_text(RecordId(id)).as_str(), format!("{id:016x}"));
            assert_eq!(id_of(id_text(RecordId(id)).as_str()), Some(RecordId(id)));
        }
        for text in ["", "1f", "+00000000000001f", "000000000000001F", "00000000000000001"] {
            assert_eq!(id_of(text), None, "{text}");
        }
    }
}
