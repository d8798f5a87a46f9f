//! Settings for downloads: endpoint, token, time limits, and whether downloads are off.

use std::time::Duration;

use crate::tensor::WeightSource;

/// Address of the public Hugging Face hub.
const HUB: &str = "https://huggingface.co";

/// Settings for downloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOptions {
    /// The hub's address.
    pub endpoint: String,
    /// Access token. It is sent to the hub only.
    pub token: Option<String>,
    /// Why downloads are disabled, in words; `None` if they are allowed.
    pub offline_by: Option<&'static str>,
    /// Timeout for each step: name lookup, connecting, the answer, and each read.
    pub patience: Duration,
    /// How many tries in a row may bring no bytes before a download fails.
    pub num_tries: u32,
    /// Pause before the second try of a request; it doubles with each further try.
    pub pause: Duration,
}

impl FetchOptions {
    /// Settings from the environment: `HF_ENDPOINT`, `HF_TOKEN` or `HUGGING_FACE_HUB_TOKEN` (or the token that `huggingface-cli login`
    /// stored), `HF_HUB_OFFLINE` and `HF_HUB_DOWNLOAD_TIMEOUT` (in seconds).
    pub fn from_env() -> Self {
        let set = |name: &str| {
            std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let is_on = |name: &str| {
            set(name).is_some_and(|v| ["1", "on", "yes", "true"].contains(&v.to_lowercase().as_str()))
        };
        let login = || {
            let home = set("HF_HOME").map(std::path::PathBuf::from).or_else(|| {
                let cache = set("XDG_CACHE_HOME").map(std::path::PathBuf::from);
                Some(cache.or_else(|| Some(std::env::home_dir()?.join(".cache")))?.join("huggingface"))
            });
            let path =
                set("HF_TOKEN_PATH").map(std::path::PathBuf::from).or_else(|| Some(home?.join("token")))?;
            let token = std::fs::read_to_string(path).ok()?;
            Some(token.trim().to_owned()).filter(|token| !token.is_empty())
        };
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| HUB.to_owned());
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            token: set("HF_TOKEN").or_else(|| set("HUGGING_FACE_HUB_TOKEN")).or_else(login),
            offline_by: is_on("HF_HUB_OFFLINE").then_some("HF_HUB_OFFLINE is set"),
            patience: set("HF_HUB_DOWNLOAD_TIMEOUT")
                .and_then(|seconds| seconds.parse().ok())
                .map_or(Duration::from_secs(30), Duration::from_secs),
            num_tries: 5,
            pause: Duration::from_millis(500),
        }
    }
    /// The URL of a source.
    pub(super) fn url(&self, source: WeightSource) -> String {
        match source {
            WeightSource::Hub { repo, file } => format!("{}/{repo}/resolve/main/{file}", self.endpoint),
            WeightSource::Https { url, .. } => url.to_owned(),
        }
    }
}
