//! What may be typed as a setting, as tables.

use super::*;

#[test]
fn a_value_reads_back_as_it_was_typed() {
    for (setting, text) in [
        (Setting::Cluster, "0"),
        (Setting::Cluster, "15"),
        (Setting::ClusterName, "fr1"),
        (Setting::ClusterName, ""),
        (Setting::AddressRest, "0s"),
        (Setting::AddressRest, "30s"),
        (Setting::AddressRest, "5m"),
        (Setting::AddressRest, "7d"),
        (Setting::MaxOffline, "36h"),
        (Setting::MaxOffline, "1d"),
    ] {
        let mut settings = Settings::default();
        assert_eq!(setting.set(&mut settings, text), Ok(()));
        assert_eq!(setting.get(&settings), text);
    }
}

#[test]
fn a_value_that_is_not_taken_changes_nothing() {
    for (setting, text) in [
        (Setting::Cluster, "16"),
        (Setting::Cluster, "-1"),
        (Setting::Cluster, ""),
        (Setting::ClusterName, "Fr1"),
        (Setting::ClusterName, "-fr"),
        (Setting::ClusterName, "a/b"),
        (Setting::AddressRest, "30"),
        (Setting::AddressRest, "s"),
        (Setting::AddressRest, "-3s"),
        (Setting::AddressRest, "+3s"),
        (Setting::AddressRest, "8d"),
        (Setting::AddressRest, "99999999999999999999d"),
        (Setting::MaxOffline, "32d"),
        (Setting::MaxOffline, "59s"),
        (Setting::MaxOffline, "1\u{e9}"),
    ] {
        let mut settings = Settings::default();
        let refused = setting.set(&mut settings, text);
        assert!(
            matches!(refused, Err(SettingError::Value { .. })),
            "{setting} {text}"
        );
        assert_eq!(settings, Settings::default());
    }
}

#[test]
fn an_unknown_setting_is_answered_with_the_nearest() {
    for (typed, meant) in [
        ("adress_rest", "address_rest"),
        ("maxoffline", "max_offline"),
        ("clustr", "cluster"),
        ("cluster-name", "cluster_name"),
    ] {
        let refused = typed.parse::<Setting>();
        let nearest = Err(SettingError::Unknown {
            key: typed.to_owned(),
            nearest: meant,
        });
        assert_eq!(refused, nearest);
    }
}
