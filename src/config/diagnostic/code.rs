//! The codes: stable numbers, speaking names, severities. Never reused, never renumbered.

use std::fmt;

/// Errors come first where diagnostics are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    /// Nothing is wrong, and somebody has to say yes to it: exit code 3.
    Guard,
    Warning,
    Note,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Guard => "guard",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $number:literal $name:literal $severity:ident,)*) => {
        /// A kind of diagnostic: `TL0104`, also called `bare-digits`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($variant = $number),* }

        impl Code {
            /// All that this build can raise, by number.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];
            /// The speaking name, accepted wherever the code is.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),* }
            }
            /// The usual severity; a check may choose another for a case that is worse.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity),* }
            }
            /// The page that `trunkline explain` prints.
            pub fn page(self) -> &'static str {
                match self { $(Code::$variant => include_str!(concat!("pages/", $name, ".md"))),* }
            }
        }
    };
}

codes! {
    NotUtf8 = 101 "not-utf8" Error,
    YamlSyntax = 102 "yaml-syntax" Error,
    DuplicateKey = 103 "duplicate-key" Error,
    BareDigits = 104 "bare-digits" Error,
    BooleanWord = 105 "boolean-word" Error,
    SwallowedByComment = 106 "swallowed-by-comment" Error,
    UnknownAnchor = 107 "unknown-anchor" Error,
    SecondDocument = 108 "second-document" Error,
    ByteOrderMark = 109 "byte-order-mark" Note,
    LineEnds = 110 "line-ends" Note,
    Limits = 111 "limits" Error,
    YamlTag = 112 "yaml-tag" Error,
    LookAlike = 113 "look-alike" Error,
    UnknownKey = 201 "unknown-key" Error,
    WrongType = 202 "wrong-type" Error,
    BadValue = 203 "bad-value" Error,
    BadInclude = 204 "bad-include" Error,
    SecretReference = 205 "secret-reference" Error,
    CleartextSecret = 206 "cleartext-secret" Warning,
    Version = 207 "version" Error,
    NotServed = 209 "not-served" Note,
    DuplicateId = 301 "duplicate-id" Error,
    UnknownReference = 302 "unknown-reference" Error,
    ListLoop = 303 "list-loop" Error,
    SharedId = 304 "shared-id" Error,
    Unused = 305 "unused" Warning,
    AmbiguousGroup = 306 "ambiguous-group" Error,
    DuplicateRule = 401 "duplicate-rule" Error,
    ShadowedRoute = 402 "shadowed-route" Warning,
    TimeGap = 403 "time-gap" Warning,
    NoCatchAll = 404 "no-catch-all" Warning,
    NoTarget = 405 "no-target" Error,
    RedundantRoute = 406 "redundant-route" Warning,
    DeadSchedule = 407 "dead-schedule" Warning,
    StripTooLong = 408 "strip-too-long" Warning,
    ExactConflict = 409 "exact-conflict" Warning,
    EmergencyRewritten = 410 "emergency-rewritten" Error,
    DstEdge = 411 "dst-edge" Note,
    OddList = 412 "odd-list" Warning,
    SingleGateway = 501 "single-gateway" Warning,
    SlowFailover = 502 "slow-failover" Warning,
    ForgeableGroup = 503 "forgeable-group" Warning,
    PremiumUnauthenticated = 504 "premium-unauthenticated" Error,
    PremiumOpen = 505 "premium-open" Warning,
    EmergencyFragile = 506 "emergency-fragile" Error,
    LoudAccess = 507 "loud-access" Warning,
    RoutingLoop = 508 "routing-loop" Warning,
    WeakTransport = 509 "weak-transport" Warning,
    UnprobedFirst = 510 "unprobed-first" Warning,
    RetryBusy = 511 "retry-busy" Warning,
    GatewayInDefault = 512 "gateway-in-default" Error,
    UnsaidListener = 513 "unsaid-listener" Warning,
    TestFailed = 601 "test-failed" Error,
    UndecidedTest = 602 "undecided-test" Error,
    UntestedRoute = 603 "untested-route" Warning,
    ReloadRefused = 801 "reload-refused" Error,
    RestlessFiles = 802 "restless-files" Warning,
    NoFileEvents = 803 "no-file-events" Warning,
    Bind = 804 "bind" Error,
    StartedFromLastGood = 805 "started-from-last-good" Warning,
    MountedAlone = 806 "mounted-alone" Warning,
    MaxChange = 850 "max-change" Guard,
    Tripwire = 851 "tripwire" Guard,
    UnusedAllowance = 901 "unused-allowance" Warning,
}

impl Code {
    /// `TL0104`.
    pub fn id(self) -> String {
        format!("TL{:04}", self as u16)
    }
    /// Whether it is a lint: what is allowed and seldom meant, so that its severity may be changed.
    pub fn is_lint(self) -> bool {
        let about_files = (200..700).contains(&(self as u16));
        about_files && self.severity() != Severity::Error && self != Code::NotServed
    }
    /// Finds a code by number or name: `TL0104`, `tl0104`, `bare-digits`.
    pub fn find(word: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|c| c.name().eq_ignore_ascii_case(word) || c.id().eq_ignore_ascii_case(word))
    }
}

/// `TL0104 bare-digits`.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TL{:04} {}", *self as u16, self.name())
    }
}
