/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* A packet as the kernel shows it to a program: some of its bytes are in the
 * linear part, and what is not there may not be touched. */
#ifndef TARTAN_FUZZ_SKB_H
#define TARTAN_FUZZ_SKB_H

#include <linux/bpf.h>

#define SKB_MOST_BYTES 4096

struct packet {
	const __u8 *bytes;
	__u32 length;
	/* How much is in the linear part at first. */
	__u32 linear;
	/* Bytes that the packet claims behind `bytes`, all zero. */
	__u32 beyond;
	__u8 has_tag;
	__u8 is_merged; /* by segmentation offload */
};

/* The packet as a program gets it; one at a time. */
struct __sk_buff *skb_of(const struct packet *packet);

#endif
