/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Whether a packet may pass: facts in, one reason out (DROP_NONE: it may).
 * Pure: no helper, no map, no packet; so it also compiles for the host, where
 * tests/decide.rs holds it against an oracle in Rust. */
#ifndef TARTAN_DECIDE_H
#define TARTAN_DECIDE_H

#include "abi.h"

enum packet_kind {
	/* Could not be read; why is in facts.unread. */
	KIND_UNREAD = 0,
	KIND_ARP = 1,
	KIND_IPV4 = 2,
	KIND_IPV6 = 3,
};

enum fragment {
	FRAGMENT_NONE = 0,
	FRAGMENT_FIRST = 1,
	FRAGMENT_LATER = 2,
};

/* How many link-layer address options a neighbour discovery message has. */
enum nd_options {
	ND_OPTIONS_NONE = 0,
	ND_OPTIONS_ONE = 1,
	ND_OPTIONS_SEVERAL = 2,
};

/* What was read of a packet. Addresses are as in abi.h, IPv4 mapped. */
struct facts {
	struct address source;      /* IP source, or ARP sender */
	struct address destination; /* IP destination, or ARP target */
	struct address nd_target;   /* of NS and NA */
	__u8 mac_source[6];
	__u8 claimed_mac[6];        /* ARP sender's, or of the ND option */
	__u8 kind;                  /* enum packet_kind */
	__u8 unread;                /* enum drop_reason, with KIND_UNREAD */
	__u8 protocol;              /* behind IPv6 extension headers */
	__u8 fragment;              /* enum fragment */
	__u8 hop_limit;
	__u8 icmp_type;             /* of ICMPv6 */
	__u8 icmp_code;
	__u8 nd_options;            /* enum nd_options */
	__u16 arp_operation;        /* host order */
	__u8 pad[2];
};
_Static_assert(sizeof(struct facts) == 72, "facts");

#define ARP_REQUEST 1
#define ARP_REPLY 2
#define PROTOCOL_ICMPV6 58

/* ICMPv6 types that speak of the link itself: RFC 2710, 3810, 4861, 3122,
 * 4286. The host reads them, so each is checked, whatever its source. */
enum link_scope {
	MLD_QUERY = 130,
	MLD_REPORT = 131,
	MLD_DONE = 132,
	ND_ROUTER_SOLICITATION = 133,
	ND_ROUTER_ADVERTISEMENT = 134,
	ND_NEIGHBOUR_SOLICITATION = 135,
	ND_NEIGHBOUR_ADVERTISEMENT = 136,
	ND_REDIRECT = 137,
	ND_INVERSE_SOLICITATION = 141,
	ND_INVERSE_ADVERTISEMENT = 142,
	MLD_REPORT_2 = 143,
	MULTICAST_ROUTER_ADVERTISEMENT = 151,
	MULTICAST_ROUTER_TERMINATION = 153,
};

static inline __u8 is_same_address(const struct address *a,
				   const struct address *b)
{
	const __u64 *left = (const __u64 *)a, *right = (const __u64 *)b;

	return left[0] == right[0] && left[1] == right[1];
}

static inline __u8 is_zero_address(const struct address *a)
{
	const __u64 *half = (const __u64 *)a;

	return half[0] == 0 && half[1] == 0;
}

static inline __be32 ipv4_of(const struct address *a)
{
	return ((const __be32 *)a)[3];
}

static inline __u8 is_same_mac(const __u8 *a, const __u8 *b)
{
	__u8 differences = 0;

	for (int i = 0; i < 6; i++)
		differences |= a[i] ^ b[i];
	return differences == 0;
}

static inline __u8 is_own_ipv4(const struct endpoint *endpoint,
			       const struct address *a)
{
	return endpoint->ipv4 != 0 && ipv4_of(a) == endpoint->ipv4;
}

static inline __u8 is_own_ipv6(const struct endpoint *endpoint,
			       const struct address *a)
{
	return !is_zero_address(&endpoint->ipv6) &&
	       is_same_address(a, &endpoint->ipv6);
}

/* Its address or its one link-local address: the EUI-64 one. Others would
 * have to be learned from the container itself. */
static inline __u8 is_own_on_link(const struct endpoint *endpoint,
				  const struct address *a)
{
	return is_own_ipv6(endpoint, a) ||
	       is_same_address(a, &endpoint->link_local);
}

static inline __u8 is_link_scope(const struct facts *facts)
{
	if (facts->kind != KIND_IPV6 || facts->protocol != PROTOCOL_ICMPV6 ||
	    facts->fragment == FRAGMENT_LATER)
		return 0;
	switch (facts->icmp_type) {
	case MLD_QUERY ... ND_REDIRECT:
	case ND_INVERSE_SOLICITATION ... MLD_REPORT_2:
	case MULTICAST_ROUTER_ADVERTISEMENT ... MULTICAST_ROUTER_TERMINATION:
		return 1;
	default:
		return 0;
	}
}

/* An ARP sender must be the endpoint in both addresses. The one exception is a
 * probe (RFC 5227, 1.1): it asks for the own address from 0.0.0.0. */
static inline enum drop_reason decide_arp(const struct endpoint *endpoint,
					  const struct facts *facts)
{
	if (facts->arp_operation != ARP_REQUEST &&
	    facts->arp_operation != ARP_REPLY)
		return DROP_SPOOFED_ARP;
	if (!is_same_mac(facts->claimed_mac, endpoint->mac))
		return DROP_SPOOFED_ARP;
	if (is_own_ipv4(endpoint, &facts->source))
		return DROP_NONE;
	if (facts->arp_operation == ARP_REQUEST &&
	    ipv4_of(&facts->source) == 0 &&
	    is_own_ipv4(endpoint, &facts->destination))
		return DROP_NONE;
	return DROP_SPOOFED_ARP;
}

/* RFC 4861, 7.1.1: a solicitation from :: is duplicate address detection; it
 * asks for the own address and names no link-layer address. */
static inline enum drop_reason
decide_solicitation(const struct endpoint *endpoint, const struct facts *facts)
{
	if (!is_zero_address(&facts->source))
		return DROP_NONE;
	if (facts->nd_options == ND_OPTIONS_NONE &&
	    is_own_on_link(endpoint, &facts->nd_target))
		return DROP_NONE;
	return DROP_SPOOFED_ND;
}

/* RFC 4861, 7.1.2: an advertisement has a source, and speaks for itself. */
static inline enum drop_reason
decide_advertisement(const struct endpoint *endpoint, const struct facts *facts)
{
	if (is_zero_address(&facts->source) ||
	    !is_own_on_link(endpoint, &facts->nd_target))
		return DROP_SPOOFED_ND;
	return DROP_NONE;
}

/* A container is a host on its link: it solicits, advertises itself and
 * reports its groups. It is no router. Fragments: RFC 6980. */
static inline enum drop_reason decide_link_scope(const struct endpoint *endpoint,
						 const struct facts *facts)
{
	if (!is_zero_address(&facts->source) &&
	    !is_own_on_link(endpoint, &facts->source))
		return DROP_SPOOFED_ADDRESS;
	if (facts->fragment != FRAGMENT_NONE || facts->icmp_code != 0)
		return DROP_SPOOFED_ND;

	switch (facts->icmp_type) {
	case MLD_REPORT:
	case MLD_DONE:
	case MLD_REPORT_2:
		return facts->hop_limit == 1 ? DROP_NONE : DROP_SPOOFED_ND;
	case ND_ROUTER_SOLICITATION:
	case ND_NEIGHBOUR_SOLICITATION:
	case ND_NEIGHBOUR_ADVERTISEMENT:
		break;
	default:
		return DROP_SPOOFED_ND;
	}

	if (facts->hop_limit != 255)
		return DROP_SPOOFED_ND;
	if (facts->nd_options == ND_OPTIONS_SEVERAL)
		return DROP_SPOOFED_ND;
	if (facts->nd_options == ND_OPTIONS_ONE &&
	    !is_same_mac(facts->claimed_mac, endpoint->mac))
		return DROP_SPOOFED_ND;
	if (facts->icmp_type == ND_NEIGHBOUR_SOLICITATION)
		return decide_solicitation(endpoint, facts);
	if (facts->icmp_type == ND_NEIGHBOUR_ADVERTISEMENT)
		return decide_advertisement(endpoint, facts);
	/* RFC 4861, 6.1.1: a router solicitation from :: names no MAC. */
	if (is_zero_address(&facts->source) &&
	    facts->nd_options != ND_OPTIONS_NONE)
		return DROP_SPOOFED_ND;
	return DROP_NONE;
}

/* No packet for 127.0.0.0/8 leaves a host (RFC 1122, 3.2.1.3), and a container
 * is one: the host behind its link may take such a packet for its own. */
static inline enum drop_reason
decide_ipv4_departure(const struct endpoint *endpoint,
		      const struct facts *facts)
{
	if (!is_own_ipv4(endpoint, &facts->source))
		return DROP_SPOOFED_ADDRESS;
	if (facts->destination.octets[12] == 127)
		return DROP_MALFORMED;
	return DROP_NONE;
}

/* May the container send this? */
static inline enum drop_reason
decide_from_container(const struct endpoint *endpoint, const struct facts *facts)
{
	if (!is_same_mac(facts->mac_source, endpoint->mac))
		return DROP_SPOOFED_MAC;
	switch (facts->kind) {
	case KIND_ARP:
		return decide_arp(endpoint, facts);
	case KIND_IPV4:
		return decide_ipv4_departure(endpoint, facts);
	case KIND_IPV6:
		if (is_link_scope(facts))
			return decide_link_scope(endpoint, facts);
		return is_own_ipv6(endpoint, &facts->source) ?
			       DROP_NONE : DROP_SPOOFED_ADDRESS;
	default:
		return facts->unread;
	}
}

static inline enum drop_reason
decide_ipv4_arrival(const struct endpoint *endpoint, const struct facts *facts)
{
	const __u8 *octets = facts->destination.octets + 12;

	if (is_own_ipv4(endpoint, &facts->destination))
		return DROP_NONE;
	if ((octets[0] & 0xf0) == 0xe0 ||
	    ipv4_of(&facts->destination) == 0xffffffff)
		return DROP_MULTICAST;
	return DROP_WRONG_DESTINATION;
}

static inline enum drop_reason
decide_ipv6_arrival(const struct endpoint *endpoint, const struct facts *facts)
{
	if (is_own_on_link(endpoint, &facts->destination))
		return DROP_NONE;
	if (facts->destination.octets[0] != 0xff)
		return DROP_WRONG_DESTINATION;
	if (is_link_scope(facts) && facts->fragment == FRAGMENT_NONE &&
	    facts->icmp_type == ND_NEIGHBOUR_SOLICITATION &&
	    facts->hop_limit == 255 &&
	    is_own_on_link(endpoint, &facts->nd_target))
		return DROP_NONE;
	return DROP_MULTICAST;
}

/* May the container receive this? */
static inline enum drop_reason
decide_to_container(const struct endpoint *endpoint, const struct facts *facts)
{
	switch (facts->kind) {
	case KIND_ARP:
		return is_own_ipv4(endpoint, &facts->destination) ?
			       DROP_NONE : DROP_WRONG_DESTINATION;
	case KIND_IPV4:
		return decide_ipv4_arrival(endpoint, facts);
	case KIND_IPV6:
		return decide_ipv6_arrival(endpoint, facts);
	default:
		return facts->unread;
	}
}

#endif
