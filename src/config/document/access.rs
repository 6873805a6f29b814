//! Sockets, and who may send calls to them.

use super::TrustedSpec;
use crate::config::lower::{Map, Several, document};
use crate::config::value::{
    Address, Algorithm, Bind, Bool, FilePath, Identity, Int, Network, Period, Rate, Reference, Secret, Text, Transport,
    Unknown,
};

document! {
    /// A socket.
    Listener {
        required {
            /// The address and port of this machine.
            bind: Bind,
        }
        optional {
            /// How messages travel: udp (the default), tcp or tls.
            transport: Transport,
            /// What Via and Record-Route say instead of the bound address: the outside of a static NAT.
            advertise: Address,
            /// For people.
            description: Text,
        }
        later {
            /// A file with the certificate chain, in PEM form; for tls.
            certificate: FilePath,
            /// The certificate's private key, in PEM form: `{ secret_file: … }`.
            key: Secret,
        }
    }

    /// Who may send calls.
    Access {
        optional {
            /// What strangers get: nothing (drop, the default), or a 403 (reject).
            unknown: Unknown,
            /// Sources that may call, by address.
            trusted: Map<TrustedSpec>,
            /// Declared gateways may call in from their own addresses. Default false.
            gateways: Bool,
        }
        later {
            /// Who may call by SIP digest; the key is the account.
            users: Map<User>,
            /// What an unknown source may send.
            limits: Limits,
        }
    }

    /// A source that may call.
    Trusted {
        required {
            /// Addresses and networks.
            sources: Several<Network>,
        }
        optional {
            /// The listeners on which it may call. Default: all.
            listen: Several<Reference>,
            /// For people.
            description: Text,
        }
        later {
            /// What becomes of the P-Asserted-Identity that it sends: keep (the default) or strip.
            identity: Identity,
        }
    }

    /// Who may call by SIP digest. One of `password` and `ha1`.
    User {
        optional {
            /// The password: `{ secret_file: … }` or "${ENV:NAME}".
            password: Secret,
            /// The hash of user, realm and password, in hex.
            ha1: Secret,
            /// The digest algorithms that are offered. Default: SHA-256, MD5.
            algorithms: Several<Algorithm>,
            /// The listeners on which it may call. Default: all.
            listen: Several<Reference>,
            /// For people.
            description: Text,
        }
    }

    /// What an unknown source may send.
    Limits {
        optional {
            /// Requests of one source, like 50/s.
            requests: Rate,
            /// How many may come at once.
            burst: Int<1, 1000000>,
            /// Failed authentications of one source, like 5/m.
            failed_auth: Rate,
            /// How long a source that exceeds them is not heard: the first time, and at most.
            ban: Several<Period>,
        }
    }
}
