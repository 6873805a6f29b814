//! `mask_digits`: the last digits of numbers become `x` before anything is written, into the journal as well.

use crate::record::Record;

/// Masks the last `digits` digits of every dialled number and of the users in `from` and `to`.
pub fn mask(record: &mut Record, digits: u8) {
    if digits == 0 {
        return;
    }
    mask_tail(&mut record.number, digits);
    record.attempts.iter_mut().for_each(|attempt| mask_tail(&mut attempt.number, digits));
    mask_user(&mut record.from, digits);
    mask_user(&mut record.to, digits);
}

/// `+4930123456` with 4: `+493012xxxx`. Other characters stay.
fn mask_tail(number: &mut String, digits: u8) {
    let mut left = usize::from(digits);
    let mut masked: Vec<char> = number.chars().collect();
    for c in masked.iter_mut().rev() {
        if left > 0 && c.is_ascii_digit() {
            *c = 'x';
            left -= 1;
        }
    }
    *number = masked.into_iter().collect();
}

/// The user part of a SIP URI, where it is a number; names of people stay.
fn mask_user(uri: &mut String, digits: u8) {
    let start = uri.find(':').map_or(0, |at| at + 1);
    let end = uri.find('@').unwrap_or(uri.len());
    let Some(user) = uri.get(start..end) else { return };
    if user.is_empty() || !user.chars().all(|c| c.is_ascii_digit() || "+*#-.()".contains(c)) {
        return;
    }
    let mut user = user.to_owned();
    mask_tail(&mut user, digits);
    uri.replace_range(start..end, &user);
}

#[cfg(test)]
mod tests {
    use super::super::record_line::tests::record;
    use super::*;

    #[test]
    fn masked_digits() {
        let mut record = record(1);
        mask(&mut record, 4);
        assert_eq!(record.number, "+493012xxxx");
        assert_eq!(record.to, "sip:+493012xxxx@trunkline");
        assert_eq!(record.from, "sip:xxx@192.0.2.1");
        assert_eq!(record.attempts[0].number, "004930123xxxx");
        let mut named = "sip:anna2@example.com".to_owned();
        mask_user(&mut named, 3);
        assert_eq!(named, "sip:anna2@example.com");
    }
}
