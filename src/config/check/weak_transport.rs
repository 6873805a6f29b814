//! What everybody on the way can read or forge (TL0509): a digest password to a public address over udp or tcp, and tls to
//! whoever answers.

use super::Model;
use super::access::public;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::value::{Switch, Transport};

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.gateways() {
        let Some(gateway) = entry.value.as_ref().map(|spec| &spec.0) else { continue };
        let transport = gateway.transport.or(Transport::Udp);
        let reachable = gateway.address.get().is_some_and(|address| address.named || public(address.to.ip()));
        if let (Some(auth), true) = (gateway.auth.key(), reachable && transport != Transport::Tls) {
            let message = format!("gateway `{}` gets a digest password over {}", entry.id, transport.word());
            let diagnostic = Diagnostic::new(Code::WeakTransport, auth, message)
                .label("whoever listens on the way can try passwords against it, at leisure")
                .help("ask the carrier for tls, or for a trunk by address without a password");
            report.push(diagnostic);
        }
        let verify = gateway.tls.get().and_then(|tls| tls.verify.given());
        if let Some(verify) = verify.filter(|verify| verify.value == Switch::Off) {
            let message = format!("gateway `{}` may be anybody: its certificate is not looked at", entry.id);
            let diagnostic = Diagnostic::new(Code::WeakTransport, verify.span, message)
                .label("tls hides a call from those who listen, and not from those who answer in its place")
                .help("delete `verify: off`; a private authority's certificate belongs into the system's store");
            report.push(diagnostic);
        }
    }
    let users = model.document.access.get().and_then(|access| access.users.get());
    for entry in users.map_or(&[][..], |users| &users.0) {
        let Some(listen) = entry.value.as_ref().and_then(|user| user.listen.get()) else { continue };
        for name in &listen.0 {
            let Some(at) = model.listener_named(&name.value.0) else { continue };
            let Some(listener) = model.listeners().get(at).and_then(|entry| entry.value.as_ref()) else { continue };
            let open = listener.bind.get().is_some_and(|bind| public(bind.0.ip()) && !bind.0.ip().is_unspecified())
                || listener.advertise.get().is_some_and(|address| public(address.to.ip()));
            if open && listener.transport.or(Transport::Udp) != Transport::Tls {
                let message = format!(
                    "`{}` may give its password over {}",
                    entry.id,
                    listener.transport.or(Transport::Udp).word()
                );
                let diagnostic = Diagnostic::new(Code::WeakTransport, name.span, message)
                    .label("this listener is reachable from everywhere")
                    .help("let it call on a tls listener");
                report.push(diagnostic);
            }
        }
    }
}
