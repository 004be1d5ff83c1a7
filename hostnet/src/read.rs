//! What a network namespace has: links, addresses, routes, rules, neighbours,
//! blocks and filters. Acts, by asking the kernel.

use std::net::IpAddr;

use tartan_model::Family;

use crate::answer::Malformed;
use crate::attributes::{attributes, number};
use crate::error::ReadError;
use crate::filter::{BlockPair, Filter, FilterPlace};
use crate::link::Link;
use crate::neighbour::{Neighbour, read_address};
use crate::request::Question;
use crate::route::Route;
use crate::rtnl::Rtnl;
use crate::rule::Rule;
use crate::shaper::{Class, Queue};

impl Rtnl {
    /// Every link.
    pub fn links(&mut self) -> Result<Vec<Link>, ReadError> {
        self.ask(Question::Links, |payload| Link::read(payload).map(Some))
    }

    /// The link of a number.
    pub fn link(&mut self, index: u32) -> Result<Option<Link>, ReadError> {
        self.one_link(Question::Link(index))
    }

    /// The link that goes by a name, its own or another.
    pub fn link_named(
        &mut self,
        name: &str,
    ) -> Result<Option<Link>, ReadError> {
        self.one_link(Question::LinkNamed(name.into()))
    }

    fn one_link(
        &mut self,
        question: Question,
    ) -> Result<Option<Link>, ReadError> {
        let found = self.ask(question, |payload| Link::read(payload).map(Some));
        match found {
            Err(error) if error.is_absent() => Ok(None),
            found => Ok(found?.pop()),
        }
    }

    /// The addresses of a link, of both families.
    pub fn addresses(&mut self, index: u32) -> Result<Vec<IpAddr>, ReadError> {
        self.some(|family| Question::Addresses(family, index), read_address)
            .map(|all| of_link(all, index))
    }

    /// The addresses of all links, of both families.
    pub fn all_addresses(&mut self) -> Result<Vec<IpAddr>, ReadError> {
        let any_link = 0;
        let all = self.both(
            |family| Question::Addresses(family, any_link),
            read_address,
        )?;
        Ok(all.into_iter().map(|(_, address)| address).collect())
    }

    /// The unicast routes that a protocol made, of both families, in all
    /// tables.
    pub fn routes(&mut self, protocol: u8) -> Result<Vec<Route>, ReadError> {
        let routes = self
            .both(|family| Question::Routes(family, protocol), Route::read)?;
        let is_of = |route: &Route| route.protocol == protocol;
        Ok(routes.into_iter().filter(is_of).collect())
    }

    /// The route by which an address is reached, where it is a unicast one.
    pub fn route_to(
        &mut self,
        address: IpAddr,
    ) -> Result<Option<Route>, ReadError> {
        match self.ask(Question::RouteTo(address), Route::read) {
            Err(error) if error.is_absent() || error.is_unreachable() => {
                Ok(None)
            }
            found => Ok(found?.pop()),
        }
    }

    /// The default routes through a link that a protocol made, of both
    /// families, in all tables; no more than a few of each, however many
    /// there are.
    pub fn default_routes(
        &mut self,
        link: u32,
        protocol: u8,
    ) -> Result<Vec<Route>, ReadError> {
        let question =
            |family| Question::DefaultRoutes { family, link, protocol };
        Ok(self
            .some(question, Route::read)?
            .into_iter()
            .filter(|r| r.link == link && r.protocol == protocol)
            .filter(|r| r.destination.length() == 0)
            .collect())
    }

    /// One neighbour behind a link.
    pub fn neighbour(
        &mut self,
        link: u32,
        address: IpAddr,
    ) -> Result<Option<Neighbour>, ReadError> {
        let question = Question::Neighbour(link, address);
        match self.ask(question, Neighbour::read) {
            Err(error) if error.is_absent() => Ok(None),
            found => Ok(found?.pop()),
        }
    }

    /// The number that this namespace gave to that of a process; none where
    /// it gave none, or there is no such process.
    pub fn netns_id_of(
        &mut self,
        process: u32,
    ) -> Result<Option<u32>, ReadError> {
        match self.ask(Question::NetnsIdOf(process), read_netns_id) {
            Err(error) if error.is_absent() => Ok(None),
            found => Ok(found?.pop()),
        }
    }

    /// The rules that a protocol made, of both families.
    pub fn rules(&mut self, protocol: u8) -> Result<Vec<Rule>, ReadError> {
        let rules = self.some(Question::Rules, Rule::read)?;
        let is_of = |rule: &Rule| rule.protocol == protocol;
        Ok(rules.into_iter().filter(is_of).collect())
    }

    /// The link of the default route, of IPv4 before IPv6; none where this
    /// namespace knows no way out.
    pub fn default_route_link(&mut self) -> Result<Option<u32>, ReadError> {
        let any_protocol = 0; // RTPROT_UNSPEC: no filter
        let routes =
            self.both(|f| Question::Routes(f, any_protocol), Route::read)?;
        let way_out = routes.iter().find(|route| {
            route.table == Route::MAIN_TABLE && route.destination.length() == 0
        });
        Ok(way_out.map(|route| route.link))
    }

    /// The neighbours behind a link, of both families.
    pub fn neighbours(
        &mut self,
        index: u32,
    ) -> Result<Vec<Neighbour>, ReadError> {
        let all = self.both(
            |family| Question::Neighbours(family, index),
            Neighbour::read,
        )?;
        Ok(all.into_iter().filter(|found| found.link == index).collect())
    }

    /// The blocks that a link's packets are judged by; none where it has no
    /// clsact qdisc, or is not there.
    pub fn blocks(
        &mut self,
        index: u32,
    ) -> Result<Option<BlockPair>, ReadError> {
        match self.ask(Question::Blocks(index), BlockPair::read) {
            Err(error) if error.is_absent() => Ok(None),
            found => Ok(of_link(found?, index).pop()),
        }
    }

    /// The filters that are somewhere; empty also for a block into which no
    /// link looks.
    pub fn filters(
        &mut self,
        place: FilterPlace,
    ) -> Result<Vec<Filter>, ReadError> {
        self.ask(Question::Filters(place), Filter::read)
    }

    /// Every queue of every link.
    pub fn queues(&mut self) -> Result<Vec<Queue>, ReadError> {
        self.ask(Question::Queues, Queue::read)
    }

    /// The classes of a link's tree; none where the link is not there.
    pub fn classes(&mut self, index: u32) -> Result<Vec<Class>, ReadError> {
        match self.ask(Question::Classes(index), Class::read) {
            Err(error) if error.is_absent() => Ok(Vec::new()),
            found => found,
        }
    }

    /// Of listings that a container can make as long as it likes: the
    /// beginning.
    fn some<T>(
        &mut self,
        question: impl Fn(Family) -> Question,
        read: fn(&[u8]) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, ReadError> {
        of_each(|family| self.ask_some(question(family), read))
    }

    fn both<T>(
        &mut self,
        question: impl Fn(Family) -> Question,
        read: fn(&[u8]) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, ReadError> {
        of_each(|family| self.ask(question(family), read))
    }
}

/// The answers of both families, IPv4 first.
fn of_each<T>(
    mut ask: impl FnMut(Family) -> Result<Vec<T>, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let mut all = Vec::new();
    for family in Family::ALL {
        all.extend(ask(family)?);
    }
    Ok(all)
}

/// NETNSA_NSID, include/uapi/linux/net_namespace.h; negative: none given.
fn read_netns_id(payload: &[u8]) -> Result<Option<u32>, Malformed> {
    const NETNSA_NSID: u16 = 1;
    const HEADER_BYTES: usize = 4;
    for (kind, value) in attributes(payload, HEADER_BYTES)? {
        if kind == NETNSA_NSID {
            return Ok(given(number(value)?));
        }
    }
    Ok(None)
}

fn given(number: u32) -> Option<u32> {
    (number <= i32::MAX.cast_unsigned()).then_some(number)
}

/// What of `found` is of one link: a kernel may answer more than was asked.
fn of_link<T>(found: Vec<(u32, T)>, index: u32) -> Vec<T> {
    let of = |(link, thing)| (link == index).then_some(thing);
    found.into_iter().filter_map(of).collect()
}
