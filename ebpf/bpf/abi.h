/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What crosses the boundary between the programs and Rust, and nothing else:
 * keys and values of maps, and the numbers written in them. The Rust mirror is
 * src/abi.rs; tests/layout.rs holds the two against each other, names
 * included. Each pad is a named field. Maps of another layout are brought into
 * this one by the names of fields, so a name keeps its meaning, and a number
 * too: what means another thing gets another name, or a new ABI_VERSION and a
 * translation. A change of a layout is a new ABI_VERSION as well. */
#ifndef TARTAN_ABI_H
#define TARTAN_ABI_H

#include <linux/types.h>

#define ABI_VERSION 3

/* Another layout of the same, so that a story can go from one build to the
 * next and back: fields that move, that are wider, that the other build does
 * not know. No host ever runs it. */
#ifdef TRIAL_LAYOUT
#define TRIAL(field) field
#define USUAL(field)
#define TRIAL_BYTES 8
#else
#define TRIAL(field)
#define USUAL(field) field
#define TRIAL_BYTES 0
#endif

/* Which way a packet goes, as its container sees it. */
enum direction {
	FROM_CONTAINER = 0,
	TO_CONTAINER = 1,
	DIRECTIONS = 2,
};

/* What became of a packet. */
enum verdict {
	VERDICT_PASSED = 0,
	VERDICT_DROPPED = 1,
};

/* Why a packet was not passed; each dropped packet has exactly one reason. */
enum drop_reason {
	/* It was passed. */
	DROP_NONE = 0,
	/* Its interface is no endpoint. */
	DROP_NO_ENDPOINT = 1,
	/* Ethernet source is not the endpoint's. */
	DROP_SPOOFED_MAC = 2,
	/* IP source is not the endpoint's. */
	DROP_SPOOFED_ADDRESS = 3,
	/* ARP speaks for an address or MAC that is not the endpoint's. */
	DROP_SPOOFED_ARP = 4,
	/* Neighbour discovery or MLD speaks for another, or as a router. */
	DROP_SPOOFED_ND = 5,
	/* Shorter than its headers say, or headers that contradict. */
	DROP_MALFORMED = 6,
	/* Well formed, but of a kind not carried: VLAN tags, routing header 0. */
	DROP_UNSUPPORTED = 7,
	/* Neither ARP, IPv4 nor IPv6. */
	DROP_UNKNOWN_PROTOCOL = 8,
	/* Sent to a container whose address it does not have. */
	DROP_WRONG_DESTINATION = 9,
	/* Multicast or broadcast towards a container, other than ARP and ND. */
	DROP_MULTICAST = 10,
};

/* Room for reasons in arrays, so that a new reason is no new layout. */
#define DROP_REASONS 24

/* An IP address, in network order; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
 * Aligned, so that it is compared as two words. */
struct address {
	__u8 octets[16];
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct address) == 16, "address");

/* Value of endpoint_by_ifindex; its key is the ifindex of the host's end. */
struct endpoint {
	/* A field that the other layout does not have. */
	TRIAL(__u64 trial;)
	TRIAL(__u64 generation;)
	/* Class id of the container, host order. */
	__u32 class;
	/* Number of the class of the limiter that what it sends waits in, less
	 * than 2^16; zero: it is not limited. */
	__u32 limit_class;
	/* The attachment's life. */
	USUAL(__u64 generation;)
	/* Its IPv6 address; all zero: none. */
	struct address ipv6;
	/* fe80::/64 with the EUI-64 of its MAC (RFC 4291, appendix A). */
	struct address link_local;
	/* Its IPv4 address; zero: none. */
	__be32 ipv4;
	/* MAC address of the container's end. */
	__u8 mac[6];
	__u8 pad[6];
};
_Static_assert(sizeof(struct endpoint) == 64 + TRIAL_BYTES, "endpoint");

/* Value of endpoint_by_address: whose local address it is. */
struct local_address {
	USUAL(__u32 class;)
	__u32 ifindex;
	TRIAL(__u32 class;)
	__u64 generation;
};
_Static_assert(sizeof(struct local_address) == 16, "local_address");

/* Value of class_by_address: the class of an address that is no endpoint here. */
struct known_address {
	__u32 class;
	/* None yet; zero. */
	USUAL(__u32 flags;)
	TRIAL(__u32 pad; __u64 flags;)
	/* The address's life, zero where it has none. */
	__u64 generation;
};
_Static_assert(sizeof(struct known_address) == 16 + TRIAL_BYTES, "known_address");

/* Packets count as their segments, bytes as the packet has on this hook. */
struct traffic {
	USUAL(__u64 packets;)
	__u64 bytes;
	/* Runs of the program, which the other layout does not count. */
	TRIAL(__u64 runs;)
	TRIAL(__u64 packets;)
};
_Static_assert(sizeof(struct traffic) == 16 + TRIAL_BYTES, "traffic");

/* Value of endpoint_traffic; its key is the ifindex. One for each CPU. */
struct endpoint_traffic {
	/* By direction. */
	struct traffic passed[DIRECTIONS];
};
_Static_assert(sizeof(struct endpoint_traffic) == 32 + 2 * TRIAL_BYTES,
	       "endpoint_traffic");

/* Value of endpoint_drops; its key is the ifindex. One for all CPUs. */
struct endpoint_drops {
	/* Packets by direction and reason. */
	__u64 dropped[DIRECTIONS][DROP_REASONS];
};
_Static_assert(sizeof(struct endpoint_drops) == 384, "endpoint_drops");

/* Key of class_counters. */
struct class_pair {
	/* Class of the container here. */
	USUAL(__u32 local;)
	/* Class of the other end; 0 (unknown) where nobody asked. */
	__u32 peer;
	TRIAL(__u32 local;)
	/* enum direction */
	__u8 direction;
	/* enum verdict */
	__u8 verdict;
	__u8 pad[2];
};
_Static_assert(sizeof(struct class_pair) == 12, "class_pair");

/* Value of settings. */
struct settings {
	TRIAL(__u32 pad;)
	/* Bits of skb->mark that carry those of the class; zero: untouched. */
	__u32 mark_mask;
	USUAL(__u32 pad;)
};
_Static_assert(sizeof(struct settings) == 8, "settings");

#endif
