//! Requests to weight servers: token, proxies, time limits, and trying again.

use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body};

use super::error::FetchError;
use super::offer::Offer;
use super::options::FetchOptions;
use crate::tensor::WeightSource;

/// Redirects that are followed when a file's size and checksum are requested, for example after a repository was renamed.
const MAX_RENAMES: usize = 5;

/// What sends requests to servers.
#[derive(Debug)]
pub(super) struct Http {
    agent: Agent,
    pub(super) options: FetchOptions,
}

impl Http {
    /// Proxies are taken from `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub(super) fn new(options: FetchOptions) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("filterscope/", env!("CARGO_PKG_VERSION")))
            // With compression in transit, sizes and ranges would be those of the compressed data.
            .accept_encoding("identity")
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_resolve(Some(options.patience))
            .timeout_connect(Some(options.patience))
            .timeout_recv_response(Some(options.patience))
            .timeout_per_read(Some(options.patience))
            .build()
            .new_agent();
        Self { agent, options }
    }

    /// Requests a file's size, checksum and commit without downloading it.
    pub(super) fn ask(&self, source: WeightSource) -> Result<Offer, FetchError> {
        if let Some(by) = self.options.offline_by {
            return Err(FetchError::Offline { by });
        }
        let url = self.options.url(source);
        let mut at = url.clone();
        let mut offer =
            Offer { source, url: url.clone(), host: host(&url), num_bytes: None, etag: None, commit: None };
        for _ in 0..=MAX_RENAMES {
            let answer = self.with_retries(&at, || self.head(&at, source, host(&at) == offer.host))?;
            let text = |name: &str| header(answer.headers(), name);
            offer.commit = offer.commit.or_else(|| text("x-repo-commit"));
            offer.etag =
                offer.etag.or_else(|| text("x-linked-etag").or_else(|| text("etag")).map(|tag| bare(&tag)));
            offer.num_bytes = offer.num_bytes.or_else(|| text("x-linked-size")?.parse().ok());
            let location = text("location");
            match (answer.status().as_u16(), location) {
                (300..=399, Some(location)) => {
                    // The hub's own answer has all the information; the redirect only leads to where the bytes are stored.
                    if offer.num_bytes.is_some() && offer.commit.is_some() {
                        return Ok(offer);
                    }
                    at = if location.starts_with('/') {
                        format!("{}{location}", origin(&at))
                    } else {
                        location
                    };
                }
                (200..=299, _) => {
                    offer.num_bytes = offer.num_bytes.or_else(|| text("content-length")?.parse().ok());
                    return Ok(offer);
                }
                (status, _) => return Err(self.refusal(status, &at)),
            }
        }
        Err(FetchError::Unreachable { host: offer.host, reason: "it sends one in circles".to_owned() })
    }

    fn head(
        &self,
        url: &str,
        source: WeightSource,
        is_own_host: bool,
    ) -> Result<Response<Body>, ureq::Error> {
        let request = self.agent.head(url).config().max_redirects(0).max_redirects_will_error(false).build();
        match self.token_for(source).filter(|_| is_own_host) {
            Some(token) => request.header("Authorization", format!("Bearer {token}")).call(),
            None => request.call(),
        }
    }

    /// Requests the file from byte `from` to its end.
    pub(super) fn get(&self, offer: &Offer, from: u64) -> Result<Response<Body>, FetchError> {
        self.with_retries(&offer.url, || {
            let mut request = self.agent.get(&offer.url);
            if from > 0 {
                request = request.header("Range", format!("bytes={from}-"));
            }
            if let Some(token) = self.token_for(offer.source) {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            request.call()
        })
    }

    fn token_for(&self, source: WeightSource) -> Option<&str> {
        match source {
            WeightSource::Hub { .. } => self.options.token.as_deref(),
            WeightSource::Https { .. } => None,
        }
    }

    /// Sends a request, and repeats it if the server is busy or the connection fails before an answer.
    fn with_retries(
        &self,
        url: &str,
        ask: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, FetchError> {
        let mut pause = self.options.pause;
        // If the connection fails at once, more tries would only keep the user waiting.
        let mut left = self.options.num_tries.clamp(1, 3);
        loop {
            left -= 1;
            let answer = ask();
            let is_passing = match &answer {
                Ok(answer) => matches!(answer.status().as_u16(), 429 | 500..=599),
                Err(error) => matches!(error, ureq::Error::Io(_)),
            };
            if left > 0 && is_passing {
                std::thread::sleep(pause);
                pause *= 2;
                continue;
            }
            let answer =
                answer.map_err(|e| FetchError::Unreachable { host: host(url), reason: words(&e) })?;
            let status = answer.status().as_u16();
            return if status < 400 || status == 416 { Ok(answer) } else { Err(self.refusal(status, url)) };
        }
    }

    fn refusal(&self, status: u16, url: &str) -> FetchError {
        let host = host(url);
        match status {
            401 | 403 => {
                let takes_token = url.starts_with(self.options.endpoint.as_str());
                FetchError::Refused { host, status, had_token: self.options.token.is_some(), takes_token }
            }
            404 | 410 => FetchError::NotThere { host, url: url.to_owned() },
            _ => FetchError::Answer { host, status },
        }
    }
}

/// A header as text.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// An etag without its quotes and without the mark of a weak etag.
fn bare(tag: &str) -> String {
    tag.trim_start_matches("W/").trim_matches('"').to_owned()
}

/// Host of a URL, with the port if the URL has one; the URL itself if it can't be parsed.
pub(super) fn host(url: &str) -> String {
    let authority = url.parse::<Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string));
    authority.unwrap_or_else(|| url.to_owned())
}

/// Scheme and host of a URL.
fn origin(url: &str) -> String {
    let scheme = url.split("://").next().unwrap_or("https");
    format!("{scheme}://{}", host(url))
}

/// An error of the HTTP library as one short line.
pub(super) fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "no such host; is there a network?".to_owned(),
        ureq::Error::Timeout(_) => "it doesn't answer".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
