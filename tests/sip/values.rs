//! Values: comma lists, Via, name-addr, URI, and cutting them out.

use crate::support::*;
use trunkline::sip::*;

fn routes(lines: &str) -> Vec<String> {
    with(&invite_and(lines), |m| m.values(Name::Route).map(|v| text(v.text).to_owned()).collect())
}

#[test]
fn one_line_or_many() {
    // checklist P8, P10
    let table: &[(&str, &[&str])] = &[
        ("Route: <sip:a>", &["<sip:a>"]),
        ("Route: <sip:a>,<sip:b>", &["<sip:a>", "<sip:b>"]),
        ("Route: <sip:a> ,\r\n <sip:b>", &["<sip:a>", "<sip:b>"]),
        ("Route: <sip:a>\r\nX: 1\r\nroute : <sip:b>, <sip:c>", &["<sip:a>", "<sip:b>", "<sip:c>"]),
        ("Route: \"A, B\" <sip:a,b>;x=\",\", <sip:c>", &["\"A, B\" <sip:a,b>;x=\",\"", "<sip:c>"]),
        (r#"Route: "a\"," <sip:a>, <sip:b>"#, &[r#""a\"," <sip:a>"#, "<sip:b>"]),
        // What is not closed swallows the rest, for the reader of the value to refuse.
        ("Route: \"A, <sip:a>, <sip:b>", &["\"A, <sip:a>, <sip:b>"]),
        ("Route: <sip:a, <sip:b", &["<sip:a, <sip:b"]),
        ("Route: <sip:a>,,<sip:b>,", &["<sip:a>", "", "<sip:b>", ""]),
        ("Route:", &[]),
        ("Route:  \r\nRoute: <sip:b>", &["<sip:b>"]),
        ("X: <sip:a>", &[]),
    ];
    for (lines, expect) in table {
        assert_eq!(routes(lines), *expect, "{lines:?}");
    }
}

#[test]
fn cutting_one_value_keeps_the_others() {
    // checklist P9: the first value goes, the others stay as they are and in order.
    let table: &[(&str, &str)] = &[
        ("Route: <sip:a>, <sip:b>,<sip:c>", "Route: <sip:b>,<sip:c>"),
        ("Route: \"A, A\" <sip:a>;x=\",\",\r\n <sip:b>", "Route: <sip:b>"),
        ("Route:\r\n <sip:a> , <sip:b>", "Route:\r\n <sip:b>"),
        ("Route: <sip:a>\r\nRoute: <sip:b>", "Route: <sip:b>"),
    ];
    for (before, after) in table {
        let out = with(&invite_and(before), |m| {
            let first = m.values(Name::Route).next().unwrap();
            let line = m.headers[first.header].line();
            let (from, to) = first.next.map_or((line.start, line.end), |next| (first.at, next));
            let mut out = Vec::new();
            Splice::new(m.bytes, &mut out).copy_to(from).skip_to(to).copy_to(m.end);
            out
        });
        assert_eq!(text(&out), text(&invite_and(after)));
    }
}

#[test]
fn vias() {
    let via = |value: &'static str| Via::parse(value.as_bytes());
    let good =
        via("SIP/2.0/UDP [2001:db8::9]:5070 ; Branch=z9hG4bK1;RPORT=7 ;maddr=239.1.1.1;x=\"a;b\"; ttl=1").unwrap();
    assert_eq!((text(good.transport), text(good.host), good.port), ("UDP", "2001:db8::9", Some(5070)));
    assert_eq!((good.branch, good.rport), (Some(&b"z9hG4bK1"[..]), Some(Some(7))));
    assert_eq!(good.maddr, Some(&b"239.1.1.1"[..]));
    assert_eq!(good.ip(), "2001:db8::9".parse().ok());
    // checklist P18: received with and without brackets.
    for value in ["SIP/2.0/UDP h;received=[2001:db8::1]", "SIP/2.0/UDP h;received=2001:db8::1"] {
        assert_eq!(via(value).unwrap().received_ip(), "2001:db8::1".parse().ok());
    }
    let lenient = [
        "SIP/2.0/UDP h;;branch=1;",
        "SIP / 2.0 / UDP h : 5060",
        "SIP/2.0/UDP under_score.example",
        "SIP/2.0/UDP h;branch=",
        "SIP/2.0/FUTURE-1 h",
    ];
    for value in lenient {
        assert!(via(value).is_some(), "{value:?}");
    }
    assert_eq!(via("SIP/2.0/UDP h;branch=").unwrap().branch, None);
    let bad = [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0 h",
        "SIP/2.0/UDPh",
        "UDP h",
        "/2.0/UDP h",
        "SIP//UDP h",
        "SIP/2.0/UDP :5060",
        "SIP/2.0/UDP h:",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:65536",
        "SIP/2.0/UDP h:5x",
        "SIP/2.0/UDP h x",
        "SIP/2.0/UDP ::1",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP [h]",
        "SIP/2.0/UDP h;branch=\"a",
        "SIP/2.0/UDP h;=x",
        "SIP/2.0/UDP h;rport=x",
        "SIP/2.0/UDP h;rport=70000",
        "SIP/2.0/UDP h,SIP/2.0/UDP i",
        "SIP/2.0/UDP h;a=b c",
        "SIP/2.0/UDP <h>",
        "SIP/2.0/UDP h;branch=a;branch=b",
        "SIP/2.0/UDP h;received=1.1.1.1;received=2.2.2.2",
        "SIP/2.0/UDP h;rport;rport",
        "SIP/2.0/UDP h;branch=a\0b",
        "SIP/2.0/UDP h\0",
    ];
    for value in bad {
        assert_eq!(via(value), None, "{value:?}");
    }
}

#[test]
fn name_addr_and_addr_spec() {
    // checklist P10, P11: value → display, URI, parameters, tag
    let table: &[(&str, &str, &str, &str, Option<&str>)] = &[
        ("<sip:a@b>", "", "sip:a@b", "", None),
        ("<sip:a@b;x=1>;tag=2", "", "sip:a@b;x=1", ";tag=2", Some("2")),
        ("sip:a@b;tag=2", "", "sip:a@b", ";tag=2", Some("2")),
        ("sip:a@b ; TAG = 2", "", "sip:a@b", "; TAG = 2", Some("2")),
        ("sip:a@b", "", "sip:a@b", "", None),
        ("Alice <sip:a@b>", "Alice", "sip:a@b", "", None),
        ("Alice  Anne<sip:a@b>", "Alice  Anne", "sip:a@b", "", None),
        ("Bell, A. <sip:a@b>", "Bell, A.", "sip:a@b", "", None),
        (r#""A <\">" <sip:a@b>;x="<;>";tag=t"#, r#""A <\">""#, "sip:a@b", r#";x="<;>";tag=t"#, Some("t")),
        ("\"\"<sip:a@b>;;tag=t;", "\"\"", "sip:a@b", ";;tag=t;", Some("t")),
        ("<tel:+49;ext=1>;tag=t", "", "tel:+49;ext=1", ";tag=t", Some("t")),
        ("<sip:a@b>;tag=", "", "sip:a@b", ";tag=", None),
        ("<sip:a@b>\r\n ;tag\r\n =\r\n t", "", "sip:a@b", ";tag\r\n =\r\n t", Some("t")),
    ];
    for (value, display, uri, params, tag) in table {
        let read = NameAddr::parse(value.as_bytes()).unwrap_or_else(|| panic!("{value:?}"));
        assert_eq!((text(read.display), text(read.uri), text(read.params)), (*display, *uri, *params), "{value:?}");
        assert_eq!(read.tag.map(text), *tag, "{value:?}");
        assert_eq!(&value.as_bytes()[read.uri_at..read.uri_at + read.uri.len()], read.uri);
    }
    let bad = [
        "",
        " ",
        "<>",
        "<sip:a@b",
        "\"A <sip:a@b>",
        "\"A\" sip:a@b",
        "\"A\"",
        "< sip:a@b >",
        "<sip:a b>",
        "sip:a b",
        "<sip:a@b>x",
        "<sip:a@b>;tag=1,<sip:c>",
        "<sip:a@b>;=1",
        "<sip:a@b>;t=\"1",
        ";tag=1",
        "A \"B\" <sip:a@b>",
        "<sip:a<b>",
        "<sip:a\0@b>",
        "A\0 <sip:a@b>",
        "\"A\0\" <sip:a@b>",
        "<sip:a@b>;tag=\0",
    ];
    for value in bad {
        assert_eq!(NameAddr::parse(value.as_bytes()), None, "{value:?}");
    }
    // RFC 3261 §25.1 allows NUL as a quoted-pair (RFC 4475 §3.1.1.2).
    assert!(NameAddr::parse(b"\"A\\\0\" <sip:a@b>").is_some());
}

#[test]
fn uris() {
    // checklist P16, P18: text → user, password, host, port, parameters, headers
    type Row = (
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        &'static str,
        Option<u16>,
        &'static str,
        &'static str,
    );
    let table: &[Row] = &[
        ("sip:a@b", Some("a"), None, "b", None, "", ""),
        ("SIP:a@b", Some("a"), None, "b", None, "", ""),
        ("sips:a@b:5061", Some("a"), None, "b", Some(5061), "", ""),
        ("sip:b", None, None, "b", None, "", ""),
        ("sip:b;lr", None, None, "b", None, ";lr", ""),
        ("sip:a:pw@b:1;x=1;y?H=1&I=2", Some("a"), Some("pw"), "b", Some(1), ";x=1;y", "?H=1&I=2"),
        ("sip:a;p=1?q/r@b", Some("a;p=1?q/r"), None, "b", None, "", ""),
        ("sip:a%40c@b", Some("a%40c"), None, "b", None, "", ""),
        ("sip:%00%25@b", Some("%00%25"), None, "b", None, "", ""),
        ("sip:@b", Some(""), None, "b", None, "", ""),
        ("sip:b?x", None, None, "b", None, "", "?x"),
        ("sip:[::1]:5060;a", None, None, "::1", Some(5060), ";a", ""),
        ("sip:+49-30.(12)@b", Some("+49-30.(12)"), None, "b", None, "", ""),
        ("sip:müller@b", Some("müller"), None, "b", None, "", ""),
        ("tel:+49-30;phone-context=x", Some("+49-30"), None, "", None, ";phone-context=x", ""),
        ("tel:*21#", Some("*21#"), None, "", None, "", ""),
    ];
    for (uri, user, password, host, port, params, headers) in table {
        let read = Uri::parse(uri.as_bytes()).unwrap_or_else(|| panic!("{uri:?}"));
        assert_eq!((read.user.map(text), read.password.map(text)), (*user, *password), "{uri:?}");
        assert_eq!((text(read.host), read.port), (*host, *port), "{uri:?}");
        assert_eq!((text(read.params), text(read.headers)), (*params, *headers), "{uri:?}");
    }
    for (uri, scheme) in [
        ("sip:b", Scheme::Sip),
        ("SIPS:b", Scheme::Sips),
        ("Tel:1", Scheme::Tel),
        ("http://x", Scheme::Other),
        ("urn:service:sos", Scheme::Other),
        ("soap.beep://192.0.2.103:3002", Scheme::Other),
    ] {
        assert_eq!(Uri::parse(uri.as_bytes()).unwrap().scheme, scheme, "{uri}");
    }
    for bad in [
        "",
        "sip",
        "sip:",
        "sip:a@",
        "sip:a@b:",
        "sip:a@b:0",
        "sip:a@b:65536",
        "sip:a@b:99999999999",
        "sip:a@b:5x",
        "sip:a@b@c",
        "sip:a b",
        "sip:a@b c",
        "sip:<a@b>",
        "sip:a@b;x=\"1\"",
        "sip:2001:db8::1",
        "sip:[::1",
        "sip:[::1]x",
        "sip:[1.2.3.4]",
        "sip:[h]",
        "sip:a@b\0",
        "sip:a@b/c",
        "tel:",
        "tel:;x",
        "1x:y",
        "x:",
        ":x",
        "sip:a@b;x@y",
    ] {
        assert_eq!(Uri::parse(bad.as_bytes()), None, "{bad:?}");
    }
}

#[test]
fn uri_parameters() {
    let uri = Uri::parse(b"sip:a@b;transport=udp;;LR;maddr=;x=1=2").unwrap();
    assert_eq!(uri.param("TRANSPORT"), Some(Some(&b"udp"[..])));
    assert_eq!(uri.param("lr"), Some(None));
    assert_eq!(uri.param("maddr"), Some(Some(&b""[..])));
    assert_eq!(uri.param("l"), None);
    let raw: Vec<_> = uri.params().map(|(_, _, raw)| text(raw)).collect();
    assert_eq!(raw, [";transport=udp", ";LR", ";maddr=", ";x=1=2"]);
    assert_eq!(Uri::parse(b"tel:+1;ext=5").unwrap().param("ext"), Some(Some(&b"5"[..])));
}

#[test]
fn hosts_as_addresses() {
    // checklist P18; RFC 5118 §4.10 for the three colons
    let table: &[(&str, Option<&str>)] = &[
        ("sip:192.0.2.1", Some("192.0.2.1:5060")),
        ("sips:192.0.2.1", Some("192.0.2.1:5061")),
        ("sip:a@192.0.2.1:7", Some("192.0.2.1:7")),
        ("sip:[2001:db8::1]:7", Some("[2001:db8::1]:7")),
        ("sip:[2001:db8:::192.0.2.1]", Some("[2001:db8::192.0.2.1]:5060")),
        ("sip:[::ffff:192.0.2.1]", Some("[::ffff:192.0.2.1]:5060")),
        ("sip:example.com", None),
        ("sip:192.0.2.1.example", None),
        ("sip:192.0.2.256", None),
        ("sip:1", None),
        ("tel:1", None),
    ];
    for (uri, addr) in table {
        let read = Uri::parse(uri.as_bytes()).unwrap_or_else(|| panic!("{uri:?}"));
        assert_eq!(read.socket_addr(), addr.map(|a| a.parse().unwrap()), "{uri:?}");
    }
    assert_eq!(Uri::parse(b"sip:[2001:db8:::1]"), None, "only in front of an IPv4 tail");
}

#[test]
fn numbers_and_addresses_are_written() {
    let write = |put: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).unwrap()
    };
    for number in [0, 7, 10, 5060, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(write(&|out| put_decimal(out, number)), number.to_string());
    }
    for addr in ["192.0.2.1:5060", "[2001:db8::1]:5061", "255.255.255.255:65535", "0.0.0.0:1"] {
        let parsed: std::net::SocketAddr = addr.parse().unwrap();
        assert_eq!(write(&|out| put_addr(out, parsed)), addr);
        assert_eq!(write(&|out| put_ip(out, parsed.ip())), parsed.ip().to_string());
    }
    assert_eq!(write(&|out| put_host(out, "::1".parse().unwrap())), "[::1]");
}
