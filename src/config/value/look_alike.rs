//! Characters that hide or pretend, in ids, numbers and addresses (TL0113).

use crate::config::diagnostic::{Code, Safety};
use crate::config::lower::Problem;

/// The first character that nobody can see, or that looks like another one.
pub fn find(text: &str) -> Option<Problem> {
    let (position, character) = text.chars().enumerate().find(|(_, c)| suspicious(*c))?;
    let name = name(character);
    let message = format!("character {} is U+{:04X}, {name}", position + 1, u32::from(character));
    let problem = Problem::new(message).code(Code::LookAlike);
    let cleaned: String = text.chars().filter_map(plain).collect();
    let problem = problem.help(format!("type it anew: {cleaned:?}"));
    // Offered only where nothing but plain characters is left.
    let repaired = !cleaned.is_empty() && cleaned.is_ascii();
    Some(if repaired { problem.fix(Safety::Review, format!("{cleaned:?}")) } else { problem })
}

fn suspicious(c: char) -> bool {
    !c.is_ascii()
        && (plain(c) != Some(c) || c.is_numeric() || matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}'))
        || c.is_ascii_control()
}

/// What was meant by a character: itself, an ASCII one, or none.
fn plain(c: char) -> Option<char> {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        '\u{660}'..='\u{669}' => char::from_digit(u32::from(c) - 0x660, 10),
        '\u{6f0}'..='\u{6f9}' => char::from_digit(u32::from(c) - 0x6f0, 10),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' => Some('-'),
        'а' | 'А' | 'Α' => Some('a'),
        'с' | 'С' => Some('c'),
        'е' | 'Е' | 'Ε' => Some('e'),
        'о' | 'О' | 'ο' | 'Ο' => Some('o'),
        'р' | 'Р' => Some('p'),
        'х' | 'Х' => Some('x'),
        'і' | 'І' => Some('i'),
        '\u{2217}' => Some('*'),
        c if invisible(c) || quote(c) || c.is_control() => None,
        c => Some(c),
    }
}

fn invisible(c: char) -> bool {
    let formats = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}');
    formats || (c.is_whitespace() && c != ' ')
}

fn quote(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '\u{2039}' | '\u{203a}' | '«' | '»' | '\u{301d}'..='\u{301f}' | '´' | '\u{2032}' | '\u{2033}')
}

fn name(c: char) -> &'static str {
    match c {
        '\u{a0}' | '\u{202f}' | '\u{2007}' => "a no-break space",
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "a space of no width",
        '\t' => "a tab",
        c if quote(c) => "a typographic quote",
        c if invisible(c) || c.is_control() => "which nobody can see",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "a dash that is no hyphen",
        '\u{ff01}'..='\u{ff5e}' => "a wide form of an ordinary character",
        c if c.is_numeric() => "a digit of another script",
        _ => "a letter of another alphabet that looks like an ordinary one",
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn hidden_and_pretending_characters_are_named() {
        for (text, said) in [
            ("49\u{a0}", "character 3 is U+00A0, a no-break space"),
            ("\u{201c}49\u{201d}", "character 1 is U+201C, a typographic quote"),
            ("p\u{431}x", "character 2 is U+0431, a letter of another alphabet that looks like an ordinary one"),
            ("a\u{2013}b", "character 2 is U+2013, a dash that is no hyphen"),
            ("\u{ff14}9", "character 1 is U+FF14, a wide form of an ordinary character"),
        ] {
            assert_eq!(find(text).map(|p| p.message).as_deref(), Some(said));
        }
        for text in ["pbx", "büro", "198.51.100.7:5060", "+49 30"] {
            assert!(find(text).is_none(), "{text}");
        }
    }
}
