use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What every place for heads must do.
async fn keeps_the_newest_head_of_each_network(heads: impl HeadStore) {
    let [one, two] = [1, 2].map(B256::repeat_byte);
    assert_eq!(heads.load_head(one).await, Ok(None));
    heads.save_head(one, vec![1], |_| panic!("there is none")).await.unwrap();
    heads.save_head(two, vec![2, 2], |_| panic!("there is none")).await.unwrap();
    heads.save_head(one, vec![3], |kept| kept == [1]).await.unwrap();
    heads.save_head(one, vec![4], |kept| kept != [3]).await.unwrap();
    assert_eq!(heads.load_head(one).await, Ok(Some(vec![3])));
    assert_eq!(heads.load_head(two).await, Ok(Some(vec![2, 2])));
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("medrec-heads-{}-{name}", std::process::id()))
}

#[tokio::test]
async fn memory_keeps_heads() {
    keeps_the_newest_head_of_each_network(MemoryHeads::default()).await;
}

#[tokio::test]
async fn a_folder_keeps_heads() {
    let folder = folder("keeps");
    keeps_the_newest_head_of_each_network(FileHeads::new(folder.clone())).await;
    let kept = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    assert_eq!(kept.filter(|path| path.extension().is_some_and(|end| end == "head")).count(), 2);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn says_which_half_of_a_folder_failed() {
    let file = folder("file");
    std::fs::write(&file, b"").unwrap();
    let heads = FileHeads::new(file.clone());
    assert_eq!(heads.load_head(B256::ZERO).await.unwrap_err().action, "load");
    assert_eq!(heads.save_head(B256::ZERO, vec![1], |_| true).await.unwrap_err().action, "save");
    std::fs::remove_file(file).unwrap();
}

/// Posts to a server that gives this answer, byte by byte as it is, and then waits.
async fn post(
    answer: &'static [u8],
    max_answer_bytes: usize,
    timeout_millis: u64,
) -> Result<HttpAnswer, TransportError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = [0; 1024];
        let _ = stream.read(&mut question).await.unwrap();
        stream.write_all(answer).await.unwrap();
        std::future::pending::<()>().await;
    };
    let native = Native::new(MemoryHeads::default()).unwrap();
    let request =
        HttpRequest { url, headers: Vec::new(), body: Vec::new(), max_answer_bytes, timeout_millis };
    tokio::select! {
        () = serving => unreachable!("the server waits for ever"),
        answer = native.post(request) => answer,
    }
}

#[tokio::test]
async fn returns_an_answer_whatever_its_status() {
    let answer =
        post(b"HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi", 2, 5_000).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (404, b"hi".as_slice()));
    assert!(answer.headers.contains(&("x-a".to_owned(), "b".to_owned())));
}

#[tokio::test]
async fn stops_reading_at_the_limit() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    assert_eq!(post(answer, 2, 5_000).await, Err(TransportError::TooLarge { limit_bytes: 2 }));
}

#[tokio::test]
async fn does_not_wait_for_ever_for_the_rest() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi";
    assert_eq!(post(answer, 9, 50).await, Err(TransportError::Timeout { limit_millis: 50 }));
}

#[tokio::test]
async fn follows_no_redirect() {
    let answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(post(answer, 9, 5_000).await.unwrap().status, 302);
}

#[tokio::test]
async fn tells_a_bad_address_from_a_dead_one() {
    let native = Native::new(MemoryHeads::default()).unwrap();
    let request = |url: &str| HttpRequest {
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        max_answer_bytes: 1,
        timeout_millis: 5_000,
    };
    let error = TransportError::Url { url: "nowhere".to_owned() };
    assert_eq!(native.post(request("nowhere")).await, Err(error));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let result = native.post(request(&format!("http://{free}"))).await;
    assert!(matches!(result, Err(TransportError::Connection { .. })), "{result:?}");
}
