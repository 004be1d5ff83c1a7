/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Stands in the place of libbpf's header where the programs' reader is
 * compiled for the host: the two helpers that it calls, by skb.c. */
#ifndef TARTAN_FUZZ_BPF_HELPERS_H
#define TARTAN_FUZZ_BPF_HELPERS_H

#include <linux/bpf.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

long bpf_skb_pull_data(struct __sk_buff *skb, __u32 bytes);
long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 at, void *to,
			__u32 bytes);

#endif
