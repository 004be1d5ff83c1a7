/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Reads a packet into facts, within its bounds. It judges nothing beyond what
 * can be read at all.
 *
 * A container may send a packet whose bytes stay in memory it can write
 * (packet sockets with a ring), and change them after they were checked. So
 * everything that is checked is first pulled into the linear part, which is
 * the kernel's own copy; nothing is judged from a fragment page. */
#ifndef TARTAN_PACKET_H
#define TARTAN_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "decide.h"

/* Ethernet and IPv6 header: enough for most packets, ARP included. */
#define SHALLOW_BYTES (ETH_HLEN + 40)
/* Extension headers and neighbour discovery must end within. Chosen: five
 * times what a solicitation with a router alert needs. */
#define DEEP_BYTES 512
/* Extension headers of one packet (RFC 8200, 4.1 knows seven). */
#define MAX_EXTENSION_HEADERS 8
/* Options of one neighbour discovery message; hosts send one or two. */
#define MAX_ND_OPTIONS 8

#define EXTENSION_HOP_BY_HOP 0
#define EXTENSION_ROUTING 43
#define EXTENSION_FRAGMENT 44
#define EXTENSION_AUTHENTICATION 51
#define EXTENSION_DESTINATION 60
#define EXTENSION_MOBILITY 135
#define EXTENSION_HOST_IDENTITY 139
#define EXTENSION_SHIM6 140

/* A place behind the fixed headers. */
struct cursor {
	__u32 at;  /* from the start of the Ethernet header */
	__u32 end; /* where IP says that the packet ends */
};

/* RFC 826 for Ethernet and IPv4, from the header on. */
struct arp_packet {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_bytes;
	__u8 protocol_bytes;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender_ip[4];
	__u8 target_mac[6];
	__u8 target_ip[4];
};
_Static_assert(sizeof(struct arp_packet) == 28, "arp_packet");

static __always_inline void make_linear(struct __sk_buff *skb, __u32 bytes)
{
	if (bytes > skb->len)
		bytes = skb->len;
	if ((__u64)skb->data_end - (__u64)skb->data < bytes)
		bpf_skb_pull_data(skb, bytes);
}

static __always_inline void refuse(struct facts *facts, enum drop_reason why)
{
	facts->kind = KIND_UNREAD;
	facts->unread = why;
}

static __always_inline void map_ipv4(struct address *to, __be32 from)
{
	__be32 *words = (__be32 *)to;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = from;
}

static __always_inline void read_arp(struct facts *facts, void *header,
				     void *end)
{
	struct arp_packet *arp = header;
	__be32 sender, target;

	if ((void *)(arp + 1) > end)
		return refuse(facts, DROP_MALFORMED);
	if (arp->hardware != bpf_htons(1) ||
	    arp->protocol != bpf_htons(ETH_P_IP) || arp->hardware_bytes != 6 ||
	    arp->protocol_bytes != 4)
		return refuse(facts, DROP_MALFORMED);
	__builtin_memcpy(&sender, arp->sender_ip, 4);
	__builtin_memcpy(&target, arp->target_ip, 4);
	map_ipv4(&facts->source, sender);
	map_ipv4(&facts->destination, target);
	__builtin_memcpy(facts->claimed_mac, arp->sender_mac, 6);
	facts->arp_operation = bpf_ntohs(arp->operation);
	facts->kind = KIND_ARP;
}

/* A packet of over 64 KiB made by segmentation offload says length 0. */
static __always_inline int is_length_sane(struct __sk_buff *skb, __u32 said,
					  __u32 least, __u32 room)
{
	if (said == 0 && skb->gso_size > 0 && skb->len > 0xffff)
		return 1;
	return said >= least && said <= room;
}

/* GAP: source route options (RFC 791) are not refused; the kernel does, unless
 * accept_source_route is set. */
static __always_inline void read_ipv4(struct __sk_buff *skb,
				      struct facts *facts, void *header,
				      void *end)
{
	struct iphdr *ip = header;
	__u32 header_bytes, fragment;

	if ((void *)(ip + 1) > end)
		return refuse(facts, DROP_MALFORMED);
	header_bytes = ip->ihl * 4;
	if (ip->version != 4 || header_bytes < sizeof(*ip) ||
	    ETH_HLEN + header_bytes > skb->len)
		return refuse(facts, DROP_MALFORMED);
	if (!is_length_sane(skb, bpf_ntohs(ip->tot_len), header_bytes,
			    skb->len - ETH_HLEN))
		return refuse(facts, DROP_MALFORMED);
	map_ipv4(&facts->source, ip->saddr);
	map_ipv4(&facts->destination, ip->daddr);
	facts->protocol = ip->protocol;
	facts->hop_limit = ip->ttl;
	fragment = bpf_ntohs(ip->frag_off);
	if (fragment & 0x1fff)
		facts->fragment = FRAGMENT_LATER;
	else if (fragment & 0x2000)
		facts->fragment = FRAGMENT_FIRST;
	facts->kind = KIND_IPV4;
}

/* Copies bytes from the cursor on, and says whether all were there. */
static __always_inline int peek(struct __sk_buff *skb, struct cursor *cursor,
				void *to, __u32 bytes)
{
	if (cursor->at + bytes > cursor->end ||
	    cursor->at + bytes > DEEP_BYTES)
		return 0;
	return bpf_skb_load_bytes(skb, cursor->at, to, bytes) == 0;
}

enum step {
	STEP_NEXT,  /* an extension header was passed */
	STEP_DONE,  /* the protocol was found */
	STEP_STOP,  /* refused */
};

/* Passes one extension header. All begin with the next one's number and,
 * except the fragment header, their length. */
static __always_inline enum step step_over(struct __sk_buff *skb,
					   struct facts *facts,
					   struct cursor *cursor)
{
	struct {
		__u8 next;
		__u8 length; /* in 8 bytes, without the first 8 */
		__be16 offset; /* of a fragment; type of a routing header */
	} extension;
	__u32 bytes;

	switch (facts->protocol) {
	case EXTENSION_HOP_BY_HOP:
	case EXTENSION_ROUTING:
	case EXTENSION_FRAGMENT:
	case EXTENSION_AUTHENTICATION:
	case EXTENSION_DESTINATION:
	case EXTENSION_MOBILITY:
	case EXTENSION_HOST_IDENTITY:
	case EXTENSION_SHIM6:
		break;
	default:
		return STEP_DONE;
	}
	if (!peek(skb, cursor, &extension, sizeof(extension))) {
		refuse(facts, DROP_MALFORMED);
		return STEP_STOP;
	}
	bytes = (extension.length + 1) * 8;
	if (facts->protocol == EXTENSION_AUTHENTICATION) /* RFC 4302, 2.2 */
		bytes = (extension.length + 2) * 4;
	/* RFC 5095: type 0 lets packets run in circles. */
	if (facts->protocol == EXTENSION_ROUTING &&
	    bpf_ntohs(extension.offset) >> 8 == 0) {
		refuse(facts, DROP_UNSUPPORTED);
		return STEP_STOP;
	}
	if (facts->protocol == EXTENSION_FRAGMENT) {
		bytes = 8;
		facts->fragment = extension.offset & bpf_htons(0xfff8) ?
					  FRAGMENT_LATER : FRAGMENT_FIRST;
	}
	cursor->at += bytes;
	facts->protocol = extension.next;
	return facts->fragment == FRAGMENT_LATER ? STEP_DONE : STEP_NEXT;
}

/* Leaves the cursor at the first header that is no extension.
 *
 * Not inlined, and global: the verifier looks at such a function once, rather
 * than once for each way that leads to it (25 ms to load rather than 180). It
 * takes the pointers for possibly null. */
__attribute__((noinline)) int walk_extensions(struct __sk_buff *skb,
					      struct facts *facts,
					      struct cursor *cursor)
{
	if (!facts || !cursor)
		return 0;
	for (int i = 0; i <= MAX_EXTENSION_HEADERS; i++) {
		switch (step_over(skb, facts, cursor)) {
		case STEP_NEXT:
			continue;
		case STEP_DONE:
			if (cursor->at <= cursor->end)
				return 1;
			refuse(facts, DROP_MALFORMED);
			return 0;
		case STEP_STOP:
			return 0;
		}
	}
	refuse(facts, DROP_UNSUPPORTED);
	return 0;
}

/* Finds the link-layer address that the message claims (options 1 and 2). */
static __always_inline void read_nd_options(struct __sk_buff *skb,
					    struct facts *facts,
					    struct cursor *cursor)
{
	struct {
		__u8 type;
		__u8 length; /* in 8 bytes */
		__u8 mac[6];
	} option;

	for (int i = 0; i < MAX_ND_OPTIONS; i++) {
		if (cursor->at == cursor->end)
			return;
		if (!peek(skb, cursor, &option, sizeof(option)) ||
		    option.length == 0)
			return refuse(facts, DROP_MALFORMED);
		if (option.type == 1 || option.type == 2) {
			facts->nd_options = facts->nd_options ||
					    option.length != 1 ?
						    ND_OPTIONS_SEVERAL :
						    ND_OPTIONS_ONE;
			__builtin_memcpy(facts->claimed_mac, option.mac, 6);
		}
		cursor->at += option.length * 8;
	}
	if (cursor->at != cursor->end)
		refuse(facts, DROP_MALFORMED);
}

/* As walk_extensions; what it returns means nothing. */
__attribute__((noinline)) int read_icmpv6(struct __sk_buff *skb,
					  struct facts *facts,
					  struct cursor *cursor)
{
	struct {
		__u8 type;
		__u8 code;
		__be16 checksum;
	} icmp;

	if (!facts || !cursor)
		return 0;
	if (!peek(skb, cursor, &icmp, sizeof(icmp))) {
		refuse(facts, DROP_MALFORMED);
		return 0;
	}
	facts->icmp_type = icmp.type;
	facts->icmp_code = icmp.code;
	/* 4 bytes that tell nothing here, a target but for RS, options */
	cursor->at += 8;
	switch (icmp.type) {
	case ND_NEIGHBOUR_SOLICITATION:
	case ND_NEIGHBOUR_ADVERTISEMENT:
		if (!peek(skb, cursor, &facts->nd_target, 16)) {
			refuse(facts, DROP_MALFORMED);
			return 0;
		}
		cursor->at += 16;
		read_nd_options(skb, facts, cursor);
		return 0;
	case ND_ROUTER_SOLICITATION:
		if (cursor->at > cursor->end)
			refuse(facts, DROP_MALFORMED);
		else
			read_nd_options(skb, facts, cursor);
		return 0;
	default:
		return 0;
	}
}

static __always_inline void read_ipv6(struct __sk_buff *skb,
				      struct facts *facts, void *header,
				      void *end)
{
	struct ipv6hdr *ip = header;
	struct cursor cursor = { .at = SHALLOW_BYTES };
	__u32 payload;

	if ((void *)(ip + 1) > end)
		return refuse(facts, DROP_MALFORMED);
	payload = bpf_ntohs(ip->payload_len);
	if (ip->version != 6 || !is_length_sane(skb, payload, 0,
						skb->len - SHALLOW_BYTES))
		return refuse(facts, DROP_MALFORMED);
	cursor.end = payload == 0 && skb->gso_size > 0 ? skb->len :
						SHALLOW_BYTES + payload;
	__builtin_memcpy(&facts->source, &ip->saddr, 16);
	__builtin_memcpy(&facts->destination, &ip->daddr, 16);
	facts->protocol = ip->nexthdr;
	facts->hop_limit = ip->hop_limit;
	facts->kind = KIND_IPV6;
	if (facts->protocol == IPPROTO_TCP || facts->protocol == IPPROTO_UDP)
		return;
	make_linear(skb, DEEP_BYTES); /* `header` and `end` end here */
	if (!walk_extensions(skb, facts, &cursor))
		return;
	if (facts->protocol == PROTOCOL_ICMPV6 &&
	    facts->fragment != FRAGMENT_LATER)
		read_icmpv6(skb, facts, &cursor);
}

static __always_inline void read_packet(struct __sk_buff *skb,
					struct facts *facts)
{
	void *data, *end;
	struct ethhdr *ethernet;

	make_linear(skb, SHALLOW_BYTES);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	ethernet = data;
	if ((void *)(ethernet + 1) > end)
		return refuse(facts, DROP_MALFORMED);
	__builtin_memcpy(facts->mac_source, ethernet->h_source, 6);
	/* A tag is in the packet, or was taken off into the metadata. */
	if (skb->vlan_present)
		return refuse(facts, DROP_UNSUPPORTED);
	switch (ethernet->h_proto) {
	case bpf_htons(ETH_P_ARP):
		return read_arp(facts, ethernet + 1, end);
	case bpf_htons(ETH_P_IP):
		return read_ipv4(skb, facts, ethernet + 1, end);
	case bpf_htons(ETH_P_IPV6):
		return read_ipv6(skb, facts, ethernet + 1, end);
	case bpf_htons(ETH_P_8021Q):
	case bpf_htons(ETH_P_8021AD):
		return refuse(facts, DROP_UNSUPPORTED);
	default:
		return refuse(facts, DROP_UNKNOWN_PROTOCOL);
	}
}

#endif
