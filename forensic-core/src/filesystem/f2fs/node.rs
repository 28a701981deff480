//! Nodes: inodes, and the nodes that hold the block addresses of files ("Index Structure").

use super::{
    Volume, nat,
    superblock::{BLOCK, feature},
};
use crate::{
    bytes::Fields,
    error::{Error, Result},
    filesystem::model::TimestampKind,
};

pub(super) const STRUCTURE: &str = "F2FS node";
/// Where the footer stands, and where the addresses of an inode begin and end.
const FOOTER: usize = 4072;
const ADDRESSES: usize = 360;
const ADDRESSES_END: usize = 4052;
/// Addresses of a direct node, and node identifiers of an indirect one.
pub(super) const PER_NODE: u32 = 1018;
/// Bytes of inline attributes where no other number is stored.
const INLINE_XATTR: usize = 200;

/// Flags of `i_inline`.
mod inline {
    pub(super) const XATTR: u8 = 0x01;
    pub(super) const DATA: u8 = 0x02;
    pub(super) const DENTRY: u8 = 0x04;
    pub(super) const EXTRA: u8 = 0x20;
}

/// Flags of `i_flags`, and of `i_advise`.
const COMPRESSED: u32 = 0x0000_0004;
const ENCRYPTED: u8 = 0x04;
const NAME_ENCRYPTED: u8 = 0x08;

/// What a node says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) nid: u32,
    pub(super) inode: u32,
    /// The checkpoint after which it was written.
    pub(super) version: u64,
}

impl Footer {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            nid: fields.u32(FOOTER)?,
            inode: fields.u32(FOOTER.saturating_add(4))?,
            version: fields.u64(FOOTER.saturating_add(12))?,
        })
    }
}

/// How a file's blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compression {
    pub(super) algorithm: u8,
    /// Blocks of a cluster as a power of two.
    pub(super) cluster: u8,
}

/// An inode.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    pub(super) number: u32,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) links: u32,
    pub(super) size: u64,
    pub(super) times: Vec<(TimestampKind, (i64, u32))>,
    pub(super) flags: u32,
    pub(super) parent: u32,
    pub(super) name: Box<[u8]>,
    pub(super) xattr_node: u32,
    pub(super) is_encrypted: bool,
    pub(super) is_name_encrypted: bool,
    pub(super) has_inline_data: bool,
    pub(super) has_inline_entries: bool,
    pub(super) compression: Option<Compression>,
    /// The block it stands in.
    pub(super) block: u32,
    /// The node as stored.
    bytes: Box<[u8]>,
    /// Bytes of extra attributes before the addresses, and of inline attributes behind them.
    extra: usize,
    inline_xattr: usize,
}

impl Inode {
    /// Reads the inode with this number.
    pub(super) fn read(volume: &Volume, number: u32) -> Result<Self> {
        let address = nat::find(volume, number)?;
        let at = volume.at(u64::from(address.block).saturating_mul(BLOCK));
        if address.block == 0 {
            return Err(Error::corrupt(STRUCTURE, volume.at(0), format!("a block of inode {number}"), "none"));
        }
        let inode = Self::parse(volume, &volume.block(address.block)?, address.block)?;
        match inode.number == number {
            true => Ok(inode),
            false => Err(Error::corrupt(STRUCTURE, at, format!("inode {number}"), inode.number)),
        }
    }

    /// The inode in a block of the volume.
    pub(super) fn parse(volume: &Volume, bytes: &[u8], block: u32) -> Result<Self> {
        let at = volume.at(u64::from(block).saturating_mul(BLOCK));
        let fields = Fields::new(bytes, STRUCTURE, at);
        let footer = Footer::parse(&fields)?;
        if footer.nid != footer.inode || footer.nid == 0 {
            return Err(fields.corrupt(
                FOOTER,
                "the footer of an inode",
                format!("node {} of {}", footer.nid, footer.inode),
            ));
        }
        let (flags, inlined) = (fields.u32(80)?, fields.u8(3)?);
        let extra = if inlined & inline::EXTRA != 0 { usize::from(fields.u16(ADDRESSES)?) } else { 0 };
        let inline_xattr = match inlined {
            _ if volume.superblock.features & feature::FLEXIBLE_INLINE_XATTR != 0 && extra >= 4 => {
                usize::from(fields.u16(362)?).saturating_mul(4)
            }
            inlined if inlined & (inline::XATTR | inline::DENTRY) != 0 => INLINE_XATTR,
            _ => 0,
        };
        let most = ADDRESSES_END.saturating_sub(ADDRESSES);
        if extra % 4 != 0 || extra.saturating_add(inline_xattr) > most {
            let found = format!("{extra} and {inline_xattr}");
            return Err(fields.corrupt(ADDRESSES, format!("extra and inline attributes of {most} bytes"), found));
        }
        let seconds = |offset: usize| fields.u64(offset).map(u64::cast_signed);
        let mut times = vec![
            (TimestampKind::Modified, (seconds(48)?, fields.u32(64)?)),
            (TimestampKind::Accessed, (seconds(32)?, fields.u32(56)?)),
            (TimestampKind::Changed, (seconds(40)?, fields.u32(60)?)),
        ];
        if extra >= 24 && fields.u64(372)? != 0 {
            times.push((TimestampKind::Created, (seconds(372)?, fields.u32(380)?)));
        }
        let compression = if flags & COMPRESSED != 0 && extra >= 36 {
            Some(Compression { algorithm: fields.u8(392)?, cluster: fields.u8(393)? })
        } else {
            None
        };
        let advise = fields.u8(2)?;
        let name_length = (fields.u32(88)? as usize).min(255);
        Ok(Self {
            number: footer.nid,
            mode: u32::from(fields.u16(0)?),
            uid: fields.u32(4)?,
            gid: fields.u32(8)?,
            links: fields.u32(12)?,
            size: fields.u64(16)?,
            times,
            flags,
            parent: fields.u32(84)?,
            name: fields.bytes(92, name_length)?.into(),
            xattr_node: fields.u32(76)?,
            is_encrypted: advise & ENCRYPTED != 0,
            is_name_encrypted: advise & NAME_ENCRYPTED != 0,
            has_inline_data: inlined & inline::DATA != 0,
            has_inline_entries: inlined & inline::DENTRY != 0,
            compression,
            block,
            bytes: bytes.into(),
            extra,
            inline_xattr,
        })
    }

    pub(super) fn is_directory(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    /// The same without the bytes of its node: for a list of many.
    pub(super) fn without_bytes(self) -> Self {
        Self { bytes: Box::default(), ..self }
    }

    fn fields<'a>(&'a self, volume: &Volume) -> Fields<'a> {
        Fields::new(&self.bytes, STRUCTURE, volume.at(u64::from(self.block).saturating_mul(BLOCK)))
    }

    /// The area of inline content, behind one address that is kept free, with its offset in the node.
    pub(super) fn inline_area(&self) -> (&[u8], usize) {
        let start = ADDRESSES.saturating_add(self.extra).saturating_add(4);
        let end = ADDRESSES_END.saturating_sub(self.inline_xattr);
        (self.bytes.get(start..end).unwrap_or_default(), start)
    }

    /// The inline attributes.
    pub(super) fn inline_attributes(&self) -> &[u8] {
        self.bytes.get(ADDRESSES_END.saturating_sub(self.inline_xattr)..ADDRESSES_END).unwrap_or_default()
    }

    /// Addresses in the inode itself, of which compressed files use whole clusters only.
    fn addresses(&self) -> u32 {
        let bytes =
            ADDRESSES_END.saturating_sub(ADDRESSES).saturating_sub(self.extra).saturating_sub(self.inline_xattr);
        self.whole_clusters(u32::try_from(bytes / 4).unwrap_or(0))
    }

    fn whole_clusters(&self, addresses: u32) -> u32 {
        let cluster = self.compression.map_or(0, |compression| u32::from(compression.cluster.min(8)));
        addresses >> cluster << cluster
    }
}

/// Addresses of a file, in order.
pub(super) enum List {
    /// In a node.
    Of { nid: u32, addresses: Vec<u32> },
    /// As many blocks for which there is not even a node.
    Hole(u64),
}

/// How nodes of a file are found: by the NAT as it stands, or in old copies.
pub(super) type Find<'a> = dyn Fn(u32) -> Result<(Vec<u8>, u32)> + 'a;

/// Reads the addresses of the `count` first blocks of a file.
///
/// # Errors
/// Where a node cannot be read, or belongs to another file.
pub(super) fn addresses(volume: &Volume, inode: &Inode, count: u64, find: &Find<'_>) -> Result<Vec<List>> {
    let fields = inode.fields(volume);
    let mut lists = Vec::new();
    let own = u64::from(inode.addresses()).min(count);
    let start = ADDRESSES.saturating_add(inode.extra);
    let list = (0..own as usize).map(|place| fields.u32(start.saturating_add(place.saturating_mul(4))));
    lists.push(List::Of { nid: inode.number, addresses: list.collect::<Result<Vec<u32>>>()? });
    let mut walk = NodeWalk { volume, inode, find, left: count.saturating_sub(own), lists, nodes: 0 };
    for (place, depth) in [0u32, 0, 1, 1, 2].into_iter().enumerate() {
        if walk.left == 0 {
            break;
        }
        let nid = fields.u32(ADDRESSES_END.saturating_add(place.saturating_mul(4)))?;
        walk.node(nid, depth)?;
    }
    Ok(walk.lists)
}

struct NodeWalk<'a, 'f> {
    volume: &'a Volume,
    inode: &'a Inode,
    find: &'a Find<'f>,
    /// Blocks whose addresses are still wanted.
    left: u64,
    lists: Vec<List>,
    nodes: u64,
}

impl NodeWalk<'_, '_> {
    /// Reads a node; those of a depth above 0 hold identifiers of nodes below.
    fn node(&mut self, nid: u32, depth: u32) -> Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        let per_direct = u64::from(self.inode.whole_clusters(PER_NODE));
        let covered = (0..depth).fold(per_direct, |sum, _| sum.saturating_mul(u64::from(PER_NODE)));
        if nid == 0 {
            let blocks = covered.min(self.left);
            self.left = self.left.saturating_sub(blocks);
            self.lists.push(List::Hole(blocks));
            return Ok(());
        }
        let (bytes, block) = (self.find)(nid)?;
        let at = self.volume.at(u64::from(block).saturating_mul(BLOCK));
        let fields = Fields::new(&bytes, STRUCTURE, at);
        let footer = Footer::parse(&fields)?;
        if footer.nid != nid || footer.inode != self.inode.number {
            let found = format!("node {} of inode {}", footer.nid, footer.inode);
            return Err(fields.corrupt(FOOTER, format!("node {nid} of inode {}", self.inode.number), found));
        }
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > self.volume.superblock.blocks {
            let (found, limit) = (self.nodes, self.volume.superblock.blocks);
            return Err(Error::Limit { structure: STRUCTURE, offset: at, found, limit, unit: "nodes of one file" });
        }
        let count = if depth == 0 { per_direct.min(self.left) } else { u64::from(PER_NODE) };
        let list =
            (0..count as usize).map(|place| fields.u32(place.saturating_mul(4))).collect::<Result<Vec<u32>>>()?;
        if depth == 0 {
            self.left = self.left.saturating_sub(count);
            self.lists.push(List::Of { nid, addresses: list });
            return Ok(());
        }
        list.into_iter().try_for_each(|below| self.node(below, depth.saturating_sub(1)))
    }
}
