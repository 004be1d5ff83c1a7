//! Where the file is and how it comes to be (acts).
//!
//! It is made under another name and renamed when it is complete. So a file
//! that is empty or misses a table is a damaged one and never a new one: it
//! is reported, not made again.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::fault::{Damage, damaged, of_io, of_statement};
use super::notice::Notice;
use super::{read, schema};
use crate::engine::Fault;
use crate::entry::StoreId;

/// The kernel makes a random UUID at each reading.
const RANDOM: &str = "/proc/sys/kernel/random/uuid";

/// The folder of a store.
pub(super) struct Place {
    folder: PathBuf,
    database: PathBuf,
}

impl Place {
    pub(super) fn new(state_dir: &Path) -> Self {
        let folder = state_dir.join("store");
        let database = folder.join("store.db");
        Self { folder, database }
    }

    /// The file, for messages.
    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// What committers touch and listeners hear.
    pub(super) fn notice(&self) -> Notice {
        Notice::new(&self.folder)
    }

    /// Makes what is missing, checks what is there.
    pub(super) fn prepare(&self) -> Result<StoreId, Fault> {
        self.make_folder().map_err(of_io)?;
        let _only_one_prepares = self.lock().map_err(of_io)?;
        self.notice().make().map_err(of_io)?;
        if !self.exists()? {
            self.make()?;
        }
        self.check()
    }

    /// Opens the file, which must be there.
    pub(super) fn connect(&self) -> Result<Connection, Fault> {
        self.open(&self.database)
    }

    fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let mode = fs::metadata(&self.folder)?.permissions().mode();
        if mode & 0o077 == 0 {
            return Ok(());
        }
        fs::set_permissions(&self.folder, Permissions::from_mode(0o700))
    }

    /// Held while one process makes or checks the file; the kernel lets go
    /// of it when the process dies.
    fn lock(&self) -> io::Result<File> {
        let file = private().open(self.folder.join("lock"))?;
        file.lock()?;
        Ok(file)
    }

    fn exists(&self) -> Result<bool, Fault> {
        match fs::metadata(&self.database) {
            Ok(found) if found.len() == 0 => {
                Err(damaged(&self.database, Damage::Empty))
            }
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.refuse_orphan().map(|()| false)
            }
            Err(error) => Err(of_io(error)),
        }
    }

    /// SQLite would play a left write-ahead file into the new file.
    fn refuse_orphan(&self) -> Result<(), Fault> {
        let log = self.folder.join("store.db-wal");
        if log.try_exists().map_err(of_io)? {
            return Err(damaged(&self.database, Damage::Missing));
        }
        Ok(())
    }

    fn make(&self) -> Result<(), Fault> {
        let draft = self.folder.join("store.db.new");
        self.remove_draft(&draft).map_err(of_io)?;
        private().open(&draft).map_err(of_io)?;
        let identity = fs::read_to_string(RANDOM).map_err(of_io)?;
        let connection = self.open(&draft)?;
        schema::make(&connection, identity.trim())
            .and_then(|()| connection.close().map_err(|(_, error)| error))
            .map_err(|error| of_statement(error, &draft))?;
        self.put_in_place(&draft).map_err(of_io)
    }

    /// What a process left that died while it made the file.
    fn remove_draft(&self, draft: &Path) -> io::Result<()> {
        let names = ["store.db.new-wal", "store.db.new-shm"];
        let mut all = names.map(|name| self.folder.join(name)).to_vec();
        all.push(draft.to_owned());
        all.iter().try_for_each(|path| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }

    fn put_in_place(&self, draft: &Path) -> io::Result<()> {
        File::open(draft)?.sync_all()?;
        fs::rename(draft, &self.database)?;
        File::open(&self.folder)?.sync_all()
    }

    fn open(&self, path: &Path) -> Result<Connection, Fault> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(path, flags)
            .and_then(|connection| {
                schema::configure(&connection).map(|()| connection)
            })
            .map_err(|error| of_statement(error, path))
    }

    fn check(&self) -> Result<StoreId, Fault> {
        let fault = |error| of_statement(error, &self.database);
        let connection = self.connect()?;
        match schema::format(&connection).map_err(fault)? {
            0 => return Err(damaged(&self.database, Damage::Foreign)),
            schema::FORMAT => {}
            found => return Err(self.newer(found)),
        }
        if let Some(text) = schema::damage(&connection).map_err(fault)? {
            return Err(damaged(&self.database, Damage::Inconsistent(text)));
        }
        read::identity(&connection).map_err(fault)
    }

    fn newer(&self, found: u32) -> Fault {
        let file = self.database.clone();
        Fault::Newer { file, found, known: schema::FORMAT }
    }
}

/// Options that make a file nobody else reads.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}
