//! Which path asks what, and how an answer becomes HTTP. A refusal is a document too, with a status that says so.

use super::{Desk, NoAnswer, PATIENCE, RELOAD_PATIENCE, calls, gateways, metrics, status};
use crate::admin::{CallsQuery, GatewayOrder, PinOrder, ReloadOrder, ReloadOutcome};
use crate::server::control::Ask;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Orders are short.
const ORDER_BYTES: usize = 64 * 1024;

type At = State<Arc<Desk>>;

/// Everything, for whoever may open the socket.
pub fn control(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/v1/status", get(get_status))
        .route("/v1/sources", get(get_sources))
        .route("/v1/calls", post(post_calls))
        .route("/v1/reload", post(post_reload))
        .route("/v1/pin", post(post_pin))
        .route("/v1/gateways/{id}", post(post_gateway))
        .layer(DefaultBodyLimit::max(ORDER_BYTES))
        .merge(looks())
        .with_state(desk)
}

/// The same behind a token.
pub fn guarded(desk: Arc<Desk>, token: &str) -> Router {
    let token: Arc<[u8]> = Arc::from(Sha256::digest(token.as_bytes()).as_slice());
    control(desk).layer(from_fn_with_state(token, with_token))
}

/// Metrics and readiness alone.
pub fn metrics_only(desk: Arc<Desk>) -> Router {
    looks().with_state(desk)
}

fn looks() -> Router<Arc<Desk>> {
    Router::new().route("/metrics", get(get_metrics)).route("/ready", get(get_ready)).route("/live", get(get_live))
}

/// Digests are compared, so that the time tells nothing of the token.
async fn with_token(State(expected): State<Arc<[u8]>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if Sha256::digest(given.as_bytes()).as_slice() != &*expected {
        let error = json!({ "error": "a token is needed: Authorization: Bearer TOKEN" });
        return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
    }
    next.run(request).await
}

impl IntoResponse for NoAnswer {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": self.0 }))).into_response()
    }
}

async fn get_status(State(desk): At) -> Result<Response, NoAnswer> {
    Ok(Json(status::status(&desk).await?).into_response())
}

async fn get_sources(State(desk): At) -> Result<Response, NoAnswer> {
    Ok(Json(desk.ask(Ask::Sources, PATIENCE).await?).into_response())
}

async fn post_calls(State(desk): At, Json(query): Json<CallsQuery>) -> Result<Response, NoAnswer> {
    Ok(Json(calls::calls(&desk, query).await?).into_response())
}

async fn post_reload(State(desk): At, Json(order): Json<ReloadOrder>) -> Result<Response, NoAnswer> {
    let answer = desk.ask(|reply| Ask::Reload(order, reply), RELOAD_PATIENCE).await?;
    served(&desk).await?;
    let status = match answer.outcome {
        ReloadOutcome::Reloaded | ReloadOutcome::Same => StatusCode::OK,
        ReloadOutcome::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        ReloadOutcome::Guarded | ReloadOutcome::Pinned => StatusCode::CONFLICT,
        ReloadOutcome::Unsettled => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok((status, Json(answer)).into_response())
}

async fn post_pin(State(desk): At, Json(order): Json<PinOrder>) -> Result<Response, NoAnswer> {
    let answer = desk.ask(|reply| Ask::Pin(order, reply), RELOAD_PATIENCE).await?;
    served(&desk).await?;
    let status = if answer.done { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok((status, Json(answer)).into_response())
}

/// When somebody is told of a revision, every worker serves it: each answers after what it was told before.
async fn served(desk: &Arc<Desk>) -> Result<(), NoAnswer> {
    desk.blocking(|desk| drop(desk.workers.each())).await
}

async fn post_gateway(
    State(desk): At,
    Path(id): Path<String>,
    Json(order): Json<GatewayOrder>,
) -> Result<Response, NoAnswer> {
    Ok(match gateways::order(&desk, id, order).await? {
        Ok(answer) => Json(answer).into_response(),
        Err(why) => (StatusCode::CONFLICT, Json(json!({ "error": why }))).into_response(),
    })
}

async fn get_metrics(State(desk): At) -> Result<Response, NoAnswer> {
    let text = metrics::scrape(&desk).await?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Takes calls: not while it drains, and not when the control side hangs.
async fn get_ready(State(desk): At) -> Result<Response, NoAnswer> {
    let state = desk.state().await?;
    if state.draining {
        return Err(NoAnswer("draining: new calls are refused"));
    }
    let revision = &state.serving.snapshot.revision;
    Ok(Json(json!({ "ready": true, "revision": **revision, "source": state.serving.source.word() })).into_response())
}

/// The process lives.
async fn get_live() -> &'static str {
    "alive\n"
}
