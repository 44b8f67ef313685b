//! Changes one measured value in a gatekeeper's database behind its back, as an intruder would, and prints which.
//!
//! `alter-record DATABASE CATEGORY` with the category's number; the gatekeeper may be running.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [database, category] = words.as_slice() else {
        return Err("usage: alter-record DATABASE CATEGORY".into());
    };
    let store = rusqlite::Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    store.busy_timeout(std::time::Duration::from_secs(5))?;
    // A 1 before the number: still canonical JSON, but another value than the one that was sealed.
    let altered: String = store.query_row(
        "UPDATE record SET content = replace(content, '\"value\":', '\"value\":1') WHERE id =
           (SELECT id FROM record WHERE category = ?1 AND replaced = 0 AND content GLOB '*\"valueQuantity\":*\"value\":[1-9]*'
            ORDER BY key DESC LIMIT 1)
         RETURNING name",
        [category.parse::<u8>()?],
        |row| row.get(0),
    )?;
    println!("{altered}");
    Ok(())
}
