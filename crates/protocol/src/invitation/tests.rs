//! Tests of invitations and viewer cards.

#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn invitation() -> Invitation {
    let code = InvitationCode(*b"sixteen bytes ok");
    Invitation { network: 81_777, steward: Address::repeat_byte(0x5a), code }
}

#[test]
fn an_invitation_survives_as_text_and_as_a_link() {
    // The text that Python's hashlib and base64 make.
    let text = invitation().to_text();
    assert_eq!(text, "AQAAAAAAAT9xWlpaWlpaWlpaWlpaWlpaWlpaWlpzaXh0ZWVuIGJ5dGVzIG9rQtdKOA");
    assert_eq!(Invitation::parse(&text), Ok(invitation()));
    let link = format!(" https://app.example/{}\n", invitation().to_fragment());
    assert_eq!(Invitation::parse(&link), Ok(invitation()));
}

#[test]
fn refuses_what_is_no_invitation() {
    let text = invitation().to_text();
    for odd in [
        "",
        "#/invitation/",
        "hello",
        &text[..text.len() - 2],
        &format!("{text}AA"),
        &format!("{text}="),
        &"A".repeat(3000),
    ] {
        let error = Invitation::parse(odd).unwrap_err();
        assert!(
            matches!(error, InvitationError::Malformed | InvitationError::Version { .. }),
            "{odd}: {error}"
        );
    }
    let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    bytes[0] = 2;
    assert_eq!(
        Invitation::parse(&URL_SAFE_NO_PAD.encode(&bytes)),
        Err(InvitationError::Version { expected: 1, found: 2 })
    );
    bytes[0] = 1;
    bytes[30] ^= 1;
    assert_eq!(Invitation::parse(&URL_SAFE_NO_PAD.encode(bytes)), Err(InvitationError::Checksum));
}

#[test]
fn a_viewer_card_survives_as_text() {
    let card = ViewerCard { network: 81_777, viewer: Address::with_last_byte(0xab) };
    let text = card.to_string();
    assert_eq!(text, "medrec:viewer:81777:0x00000000000000000000000000000000000000AB");
    assert_eq!(text.parse(), Ok(card));
    assert_eq!(text.replace("AB", "ab").parse(), Ok(card));
}

#[test]
fn refuses_what_is_no_card() {
    for odd in [
        "",
        "0x00000000000000000000000000000000000000AB",
        "medrec:viewer:81777",
        "medrec:viewer:81777:0x00000000000000000000000000000000000000aB",
        "medrec:viewer:81777:0x00000000000000000000000000000000000000AB0",
        "medrec:viewer:81777:00000000000000000000000000000000000000AB",
        "medrec:viewer:+1:0x00000000000000000000000000000000000000AB",
        "medrec:viewer:01:0x00000000000000000000000000000000000000AB",
        "medrec:viewer::0x00000000000000000000000000000000000000AB",
    ] {
        assert_eq!(odd.parse::<ViewerCard>(), Err(InvitationError::Card), "{odd}");
    }
}

#[test]
fn never_prints_the_code() {
    assert!(!format!("{:?}", invitation()).contains("115, 105"));
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #[test]
    fn no_changed_character_is_misread(place in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_-]") {
        let text = invitation().to_text();
        let place = place.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(place..=place, &letter);
        if changed != text {
            prop_assert!(Invitation::parse(&changed).is_err());
        }
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in ".*") {
        prop_assert!(Invitation::parse(&text).is_err());
        prop_assert!(text.parse::<ViewerCard>().is_err());
    }
}
