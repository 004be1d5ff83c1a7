//! Kernels that have too little, by their words.

use super::{Facts, Feature, Kernel, decide};

const WHOLE: &str = "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_NET_SCH_INGRESS=m\n\
    CONFIG_NET_CLS_BPF=y\nCONFIG_NF_TABLES=m\nCONFIG_NET_SCH_HTB=m\n\
    CONFIG_IFB=m\nCONFIG_CGROUP_NET_CLASSID=y\n";

fn facts() -> Facts {
    Facts {
        is_root: true,
        release: "6.18.1-fast".to_owned(),
        config: Some(WHOLE.to_owned()),
        has_btf: false,
    }
}

#[test]
fn a_kernel_that_has_everything_is_no_finding() {
    assert_eq!(decide(&facts()), []);
    // Of what cannot be known nothing is said.
    assert_eq!(decide(&Facts { config: None, has_btf: true, ..facts() }), []);
}

#[test]
fn each_feature_that_is_not_built_is_named() {
    for (feature, option) in [
        (Feature::Btf, "CONFIG_DEBUG_INFO_BTF=y"),
        (Feature::Clsact, "CONFIG_NET_SCH_INGRESS=m"),
        (Feature::ClsBpf, "CONFIG_NET_CLS_BPF=y"),
        (Feature::NfTables, "CONFIG_NF_TABLES=m"),
        (Feature::Htb, "CONFIG_NET_SCH_HTB=m"),
        (Feature::Ifb, "CONFIG_IFB=m"),
        (Feature::NetCls, "CONFIG_CGROUP_NET_CLASSID=y"),
    ] {
        let config = Some(WHOLE.replace(option, "# CONFIG_X is not set"));
        let release = facts().release;
        let found = decide(&Facts { config, ..facts() });
        assert_eq!(found, [Kernel::Lacks { feature, release }]);
    }
}

#[test]
fn old_releases_and_people_without_root_are_told() {
    let old = "5.10.0-30-amd64".to_owned();
    let found = decide(&Facts { release: old.clone(), ..facts() });
    let feature = Feature::Tcx;
    let lacks = Kernel::Lacks { feature, release: old.clone() };
    assert_eq!(found, [Kernel::TooOld { release: old }, lacks]);
    let found = decide(&Facts { is_root: false, ..facts() });
    assert_eq!(found, [Kernel::NotRoot]);
    let odd = Facts { release: "odd".to_owned(), ..facts() };
    assert_eq!(decide(&odd), []);
}
