//! Asking a running router. Each question is a connection of its own; the answers are documents of this room.

use super::{
    Address, CallsAnswer, CallsQuery, GatewayOrder, GatewayOrderAnswer, PinOrder, PinOrderAnswer, ReloadAnswer,
    ReloadOrder, RunningSources, Status, TOKEN_VARIABLE,
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How long an answer may take: a reload compiles a million routes.
const PATIENCE: Duration = Duration::from_secs(120);
/// More than any answer: the sources of a large carrier are some tens of megabytes.
const ANSWER_BYTES: usize = 512 * 1024 * 1024;

/// Why there is no answer. All of these are exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("{address}: {cause}; is the router running, and may you open its socket?")]
    Unreachable { address: Address, cause: io::Error },
    #[error("{0}: the router asks for a token: set TRUNKLINE_TOKEN to the one in its control.token")]
    Token(Address),
    #[error("{address}: no answer within {} s", PATIENCE.as_secs())]
    Slow { address: Address },
    /// The router understood, and says no; the text is its own.
    #[error("{0}")]
    Refused(String),
    #[error("{address}: not an answer of this version of trunkline: {said}")]
    Strange { address: Address, said: String },
    #[error("no asynchronous runtime: {0}")]
    Runtime(io::Error),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Client {
    address: Address,
    token: Option<String>,
}

impl Client {
    /// A client of the router there; the token of a TCP address is taken from the environment.
    pub fn new(address: Address) -> Client {
        Client { address, token: std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()) }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn status(&self) -> Result<Status, AdminError> {
        self.get("/v1/status")
    }

    /// The files of the running revision, for `plan --from server`.
    pub fn sources(&self) -> Result<RunningSources, AdminError> {
        self.get("/v1/sources")
    }

    pub fn calls(&self, query: &CallsQuery) -> Result<CallsAnswer, AdminError> {
        self.post("/v1/calls", query)
    }

    pub fn reload(&self, order: &ReloadOrder) -> Result<ReloadAnswer, AdminError> {
        self.post("/v1/reload", order)
    }

    pub fn pin(&self, order: &PinOrder) -> Result<PinOrderAnswer, AdminError> {
        self.post("/v1/pin", order)
    }

    /// An operator's word about the gateway `id`.
    pub fn gateway(&self, id: &str, order: &GatewayOrder) -> Result<GatewayOrderAnswer, AdminError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if id.is_empty() || !id.chars().all(plain) {
            return Err(AdminError::Refused(format!("no gateway `{id}`: that is no id")));
        }
        self.post(&format!("/v1/gateways/{id}"), order)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AdminError> {
        self.ask(Method::GET, path, Bytes::new())
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, AdminError> {
        let body = serde_json::to_vec(body).map_err(|e| self.strange(e.to_string()))?;
        self.ask(Method::POST, path, body.into())
    }

    fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, AdminError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AdminError::Runtime)?;
        let answer = runtime.block_on(async {
            let slow = |_| AdminError::Slow { address: self.address.clone() };
            tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await.map_err(slow)?
        });
        let (status, bytes) = answer?;
        match serde_json::from_slice(&bytes) {
            _ if status == StatusCode::UNAUTHORIZED => Err(AdminError::Token(self.address.clone())),
            // Also a refusal is a document, where the question has one for it.
            Ok(document) => Ok(document),
            Err(_) if !status.is_success() => Err(AdminError::Refused(said(&bytes))),
            Err(e) => Err(self.strange(e.to_string())),
        }
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), AdminError> {
        let unreachable = |cause| AdminError::Unreachable { address: self.address.clone(), cause };
        match &self.address {
            Address::Unix(socket) => {
                let stream = tokio::net::UnixStream::connect(socket).await.map_err(unreachable)?;
                self.converse(stream, method, path, body).await
            }
            Address::Tcp { host, port } => {
                let stream = tokio::net::TcpStream::connect((host.as_str(), *port)).await.map_err(unreachable)?;
                self.converse(stream, method, path, body).await
            }
        }
    }

    async fn converse<S>(
        &self,
        stream: S,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), AdminError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let cut =
            |e: hyper::Error| AdminError::Unreachable { address: self.address.clone(), cause: io::Error::other(e) };
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(cut)?;
        // Its errors come out of the request, too.
        let connection = tokio::spawn(connection);
        let host = match &self.address {
            Address::Unix(_) => "localhost".to_owned(),
            Address::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Address::Tcp { host, port } => format!("{host}:{port}"),
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, host);
        request = request.header(CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body)).map_err(|e| self.strange(e.to_string()))?;
        let answer = sender.send_request(request).await.map_err(cut)?;
        let status = answer.status();
        let bytes = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
        let bytes = bytes.map_err(|e| self.strange(e.to_string()))?.to_bytes();
        connection.abort();
        Ok((status, bytes))
    }

    fn strange(&self, said: String) -> AdminError {
        AdminError::Strange { address: self.address.clone(), said }
    }
}

/// The `error` of a refusal, or whatever was said.
fn said(bytes: &[u8]) -> String {
    let document = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let error = document.as_ref().and_then(|document| document.get("error")?.as_str().map(str::to_owned));
    error.unwrap_or_else(|| String::from_utf8_lossy(bytes).trim().to_owned())
}
