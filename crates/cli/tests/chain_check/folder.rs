//! Folders in the format of a recording, and the program run on them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

pub(crate) const PROJECT_QBFT: &str = "goquorum-qbft";
pub(crate) const PROJECT_CLIQUE: &str = "ethereumjs-clique";
pub(crate) const PROJECT_CLIQUE_BAD: &str = "ethereumjs-clique-bad-checkpoints";

/// A file or folder of the vectors beside the project, unless they are not there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors").join(path);
    if !path.exists() {
        println!("NOT CHECKED: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// A folder; one that was made here goes away with the test.
pub(crate) struct Folder {
    path: PathBuf,
    is_ours: bool,
}

impl Folder {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, is_ours: false }
    }

    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("medrec-chain-check-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self { path, is_ours: true }
    }

    /// A copy that may be damaged.
    pub(crate) fn copy_of(path: &Path) -> Self {
        let folder = Self::new();
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            // Not `copy`: what is read-only there must be writable here.
            std::fs::write(folder.path.join(entry.file_name()), std::fs::read(entry.path()).unwrap())
                .unwrap();
        }
        folder
    }

    /// One of the trimmed chains of the project in the format of a recording.
    pub(crate) fn of_project(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/recorded").join(name);
        let read = |file: &str| -> Option<Value> {
            let path = path.join(file);
            path.exists().then(|| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        };
        let folder = Self::new();
        let mut headers = read("headers.json").unwrap();
        let (period, epoch) = (headers["blockPeriod"].clone(), headers["epochLength"].clone());
        let config = if name == PROJECT_QBFT {
            json!({ "chainId": headers["chainId"],
                "qbft": { "blockperiodseconds": period, "epochlength": epoch } })
        } else {
            json!({ "chainId": headers["chainId"], "clique": { "period": period, "epoch": epoch } })
        };
        headers["config"] = config;
        folder.write("headers.json", &headers);
        if let Some(bodies) = read("bodies.json") {
            folder.write("blocks.json", &bodies["blocks"]);
            folder.write("receipts.json", &bodies["blocks"]);
        }
        if let Some(proofs) = read("proofs.json") {
            folder.write("proofs.json", &untrimmed(&proofs));
        }
        if let Some(negatives) = read("negative.json") {
            folder.write("negative.json", &negatives);
        }
        folder
    }

    pub(crate) fn write(&self, file: &str, value: &Value) {
        std::fs::write(self.path.join(file), value.to_string()).unwrap();
    }

    pub(crate) fn remove(&self, file: &str) {
        std::fs::remove_file(self.path.join(file)).unwrap();
    }

    /// Changes one of the files.
    pub(crate) fn edit(&self, file: &str, edit: impl FnOnce(&mut Value)) {
        let mut value = serde_json::from_slice(&std::fs::read(self.path.join(file)).unwrap()).unwrap();
        edit(&mut value);
        self.write(file, &value);
    }

    /// Runs the check; exit code, stdout and stderr.
    pub(crate) fn check(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medrec"));
        let output = command.args(["chain", "check"]).arg(&self.path).args(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    pub(crate) fn assert_holds(&self, line: &str) {
        assert_eq!(self.check(&[]), (0, line.to_owned(), String::new()), "{}", self.path.display());
    }

    /// The folder fails with this line; returns the failures.
    pub(crate) fn assert_fails(&self, line: &str) -> Vec<String> {
        let (code, found, said) = self.check(&[]);
        assert_eq!((code, found.as_str()), (1, line), "{said}");
        said.lines().map(str::to_owned).collect()
    }

    pub(crate) fn assert_refuses_mutations(&self) {
        let (code, line, said) = self.check(&["--mutate", "1000", "--seed", "1"]);
        assert_eq!((code, line.as_str(), said.as_str()), (0, "accepted 0 of 1000\n", ""));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_ours {
            let _gone = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Proofs whose nodes are kept once, as answers to `eth_getProof`.
fn untrimmed(file: &Value) -> Value {
    let nodes = |positions: &Value| -> Value {
        let position = |position: &Value| usize::try_from(position.as_u64().unwrap()).unwrap();
        positions.as_array().unwrap().iter().map(|node| file["nodes"][position(node)].clone()).collect()
    };
    let proof = |proof: &Value| {
        let slots = proof["slots"].as_array().unwrap();
        let storage: Vec<Value> = slots
            .iter()
            .map(
                |slot| json!({ "key": slot["slot"], "value": slot["value"], "proof": nodes(&slot["proof"]) }),
            )
            .collect();
        let mut answer = proof.clone();
        answer["accountProof"] = nodes(&proof["accountProof"]);
        answer["storageProof"] = json!(storage);
        let slots: Vec<&Value> = slots.iter().map(|slot| &slot["slot"]).collect();
        json!({ "block": proof["block"], "address": proof["address"], "slots": slots, "answer": answer })
    };
    file["proofs"].as_array().unwrap().iter().map(proof).collect()
}
