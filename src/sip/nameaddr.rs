//! name-addr and addr-spec values: From, To, Contact, Route (RFC 3261 §20, checklist P10, P11).

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAddr<'a> {
    pub display: &'a [u8],
    /// The URI, angle brackets left out.
    pub uri: &'a [u8],
    /// Offset of `uri` in the value.
    pub uri_at: usize,
    /// Header parameters, from the first `;` on (empty when there is none).
    pub params: &'a [u8],
    pub tag: Option<&'a [u8]>,
}

impl<'a> NameAddr<'a> {
    pub fn parse(_value: &'a [u8]) -> Option<NameAddr<'a>> {
        todo!()
    }
}
