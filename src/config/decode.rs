//! From bytes to text: encodings, byte order marks, line ends, size (TL0101, TL0109, TL0110, TL0111).

use super::diagnostic::{Code, Diagnostic, Report, Safety};
use super::files::FILE_BYTES;
use super::source::{Source, Span};

/// The text of one file. The flag says whether it can be read on.
pub(super) fn decode(path: &std::path::Path, bytes: &[u8], file: u32, report: &mut Report) -> (Source, bool) {
    let path = path.to_string_lossy().replace('\\', "/");
    let at = |start: usize, end: usize| Span { file, start: start as u32, end: end as u32 };
    if bytes.len() > FILE_BYTES {
        let message = format!("a file of more than {} MiB", FILE_BYTES >> 20);
        report.push(
            Diagnostic::new(Code::Limits, at(0, 0), message).help("split it, and name the parts under `include`"),
        );
        return (Source::new(path, String::new()), false);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let (start, message, label) = match utf16 {
                true => (0, "the file is UTF-16".to_owned(), "its first two bytes say so".to_owned()),
                false => {
                    let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                    (
                        error.valid_up_to(),
                        "the file is not UTF-8".to_owned(),
                        format!("byte 0x{byte:02X} begins no character"),
                    )
                }
            };
            let diagnostic = Diagnostic::new(Code::NotUtf8, at(start, start), message).label(label);
            report.push(diagnostic.help("save it as UTF-8 without a byte order mark"));
            return (Source::new(path, String::from_utf8_lossy(bytes).into_owned()), false);
        }
    };
    if let Some(start) = memchr::memchr(0, bytes) {
        let diagnostic = Diagnostic::new(Code::NotUtf8, at(start, start + 1), "a NUL byte in the file");
        report.push(diagnostic.help("delete it; if every second byte is NUL, save the file as UTF-8"));
        return (Source::new(path, text.to_owned()), false);
    }
    if text.starts_with('\u{feff}') {
        let diagnostic = Diagnostic::new(Code::ByteOrderMark, at(0, 3), "the file begins with a byte order mark");
        report.push(diagnostic.help("save it without one; it only makes diffs noisy").fix(Safety::Safe, at(0, 3), ""));
    }
    line_ends(bytes, file, report);
    (Source::new(path, text.to_owned()), true)
}

fn line_ends(bytes: &[u8], file: u32, report: &mut Report) {
    let Some(first) = memchr::memchr(b'\r', bytes) else { return };
    let crlf = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    let lf = bytes.iter().filter(|b| **b == b'\n').count();
    let message = match crlf {
        0 => "old Mac line ends (CR)",
        n if n == lf => "Windows line ends (CRLF)",
        _ => "mixed line ends (CRLF and LF)",
    };
    let span = Span { file, start: first as u32, end: first as u32 };
    report.push(
        Diagnostic::new(Code::LineEnds, span, message).help("save it with LF line ends; others only make diffs noisy"),
    );
}
