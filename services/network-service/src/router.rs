//! From a request to an answer.

use crate::admission::Client;
use crate::body::Body;
use crate::certificate::subject;
use crate::events;
use crate::fhir::{self, Moment, Query, QueryError, outcome::outcome};
use crate::http::{answer, strict_transport};
use crate::log;
use crate::page::ASSETS;
use crate::service::Service;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use std::time::{Instant, SystemTime};

/// Answers `request` of `client`. The body of a request is never read: none is wanted.
pub fn respond<B: hyper::body::Body>(
    service: &Service,
    client: &Client,
    request: &Request<B>,
) -> Response<Body> {
    let Some(host) = host(request.headers()) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "invalid",
            "Host is missing or malformed",
        );
    };
    let mut response = if request.body().is_end_stream() {
        route(service, client, request, host)
    } else {
        let text = "no request of this service has a body";
        let mut response = refusal(StatusCode::PAYLOAD_TOO_LARGE, "too-long", text);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    };
    strict_transport(&mut response, host);
    response
}

fn route<B>(
    service: &Service,
    client: &Client,
    request: &Request<B>,
    host: &str,
) -> Response<Body> {
    let path = request.uri().path();
    if let Some(alarm) = path.strip_prefix("/seen/") {
        return match *request.method() {
            Method::POST => seen(service, client, request.headers(), host, alarm),
            _ => not_allowed("POST"),
        };
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    if let Some(resource) = path.strip_prefix("/fhir/") {
        let query = request.uri().query().unwrap_or("");
        return read(service, resource, query, &format!("https://{host}/fhir"));
    }
    if path == "/events" {
        return stream(service, client, request);
    }
    match ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => answer(StatusCode::OK, asset.kind, Body::full(asset.text)),
        None => refusal(StatusCode::NOT_FOUND, "not-found", "no such resource"),
    }
}

/// `GET /fhir/...`
fn read(service: &Service, resource: &str, raw: &str, base: &str) -> Response<Body> {
    let query = match Query::parse(raw) {
        Ok(query) => query,
        Err(error) => {
            let (status, code) = match error {
                QueryError::Unknown(_) => (StatusCode::BAD_REQUEST, "not-supported"),
                QueryError::Escape => (StatusCode::BAD_REQUEST, "invalid"),
                QueryError::Format(_) => (StatusCode::NOT_ACCEPTABLE, "not-supported"),
            };
            return refusal(status, code, &error.to_string());
        }
    };
    let feed = service.feed.borrow();
    let moment = Moment {
        current: feed.current(Instant::now()),
        now: SystemTime::now(),
    };
    let found = match resource.split_once('/') {
        None if resource == "metadata" => Some(fhir::capability(base)),
        None if resource == "Observation" => Some(fhir::bundle(&query, &moment, base, raw)),
        Some(("Observation", id)) => fhir::find(id).map(|v| fhir::observation(v, &moment)),
        Some(("Device", "monitor")) => Some(fhir::device(&moment)),
        _ => None,
    };
    match found {
        Some(resource) => resource_answer(StatusCode::OK, &resource),
        None => refusal(StatusCode::NOT_FOUND, "not-found", "no such resource"),
    }
}

/// `GET /events`
fn stream<B>(service: &Service, client: &Client, request: &Request<B>) -> Response<Body> {
    const KIND: &str = "text/event-stream";
    if *request.method() == Method::HEAD {
        return answer(StatusCode::OK, KIND, Body::full(""));
    }
    let place = match service.admission.listen(client) {
        Ok(place) => place,
        Err(full) => {
            let text = format!("no more event streams: {full}");
            return refusal(StatusCode::TOO_MANY_REQUESTS, "throttled", &text);
        }
    };
    let feed = service.feed.borrow();
    let current = feed.current(Instant::now());
    let last = request.headers().get("last-event-id");
    let now = current
        .ok()
        .map(|snapshot| (snapshot.epoch, snapshot.number));
    let mut first = events::state(current.err());
    if let Some(gap) = last
        .and_then(|last| last.to_str().ok())
        .and_then(|last| events::missed(last, now))
    {
        first.push_str(&gap);
    }
    let listener = service.events.listen(first);
    answer(StatusCode::OK, KIND, Body::Events(listener, place))
}

/// `POST /seen/ALARM`
fn seen(
    service: &Service,
    client: &Client,
    headers: &HeaderMap,
    host: &str,
    alarm: &str,
) -> Response<Body> {
    if !same_origin(headers, host) {
        // A browser sends the client certificate for any site that asks it to.
        let text = "Origin must be this service";
        return refusal(StatusCode::FORBIDDEN, "forbidden", text);
    }
    let Ok(alarm) = alarm.parse::<u32>() else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "invalid",
            "an alarm's id is a number",
        );
    };
    let on_screen = match service.feed.borrow().current(Instant::now()) {
        Err(absence) => {
            let text = absence.to_string();
            return refusal(StatusCode::SERVICE_UNAVAILABLE, "transient", &text);
        }
        Ok(snapshot) => snapshot.alarms.iter().any(|a| a.id == alarm),
    };
    if !on_screen {
        let text = "this alarm is not on the bedside screen";
        return refusal(StatusCode::NOT_FOUND, "not-found", text);
    }
    if !service.seen_open.get() {
        let text = "there is no channel to the bedside screen";
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "transient", text);
    }
    if !service.ration.borrow_mut().take(client, Instant::now()) {
        let text = "too many alarms marked as seen; wait a second";
        let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "throttled", text);
        let after = HeaderValue::from_static("1");
        response.headers_mut().insert(header::RETRY_AFTER, after);
        return response;
    }
    log::line(&format!(
        "alarm {alarm}: marked as seen by {}",
        subject(client)
    ));
    service.seen.borrow_mut().push_back(alarm);
    let said = json!({"alarm": alarm, "seen": "remotely"}).to_string();
    answer(StatusCode::ACCEPTED, "application/json", Body::full(said))
}

/// Whether a browser says that the request comes from this service's own page. It says so
/// once: of several Origin headers, which one another program believes is not known.
fn same_origin(headers: &HeaderMap, host: &str) -> bool {
    let own = |origin: &HeaderValue| {
        let origin = origin.to_str().ok();
        origin.and_then(|o| o.strip_prefix("https://")) == Some(host)
    };
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let mut sites = headers.get_all("sec-fetch-site").iter();
    origins.next().is_some_and(own)
        && origins.next().is_none()
        && sites.all(|site| site == "same-origin")
}

/// The one Host header, where it is a host and a port and nothing else: it goes into links.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::HOST).iter();
    let host = all.next()?.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let sound = !host.is_empty() && host.len() <= 255 && host.chars().all(plain);
    (sound && all.next().is_none()).then_some(host)
}

fn not_allowed(allow: &'static str) -> Response<Body> {
    let text = "this method does nothing here";
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "not-supported", text);
    let allow = HeaderValue::from_static(allow);
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

/// An error, as an OperationOutcome wherever it happens: one form for every client.
fn refusal(status: StatusCode, code: &str, text: &str) -> Response<Body> {
    resource_answer(status, &outcome("error", code, text))
}

fn resource_answer(status: StatusCode, resource: &Value) -> Response<Body> {
    answer(status, fhir::JSON, Body::full(resource.to_string()))
}
