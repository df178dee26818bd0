import CFuse
import FlashFS
import Glibc
import Synchronization

/// libfuse's session. `@unchecked`: libfuse locks it itself, and it is destroyed after every thread that uses it has ended.
struct FuseSession: @unchecked Sendable {
  let raw: OpaquePointer
}

/// Serves a volume as a mounted drive, by libfuse's low-level interface: nodes, not paths, so that a file stays what it is when
/// it is renamed or unlinked while open. The requests are in the extensions.
final class FuseServer: Sendable {
  struct Settings: Sendable {
    /// Shown by `mount` as the source, found again by `MountPoint.runningBoards`.
    var imageName: String
    /// Who owns every file.
    var uid = getuid()
    var gid = getgid()
    /// Lets other users in; for a daemon run by root.
    var allowsOthers = false
  }

  /// The file system type in /proc/self/mountinfo is `fuse.` and this.
  static let subtype = "circuitpy"
  /// A WRITE or READ carries at most this.
  static let maximumTransferBytes: UInt32 = 131_072
  /// How long the kernel may believe a canonical name; whatever it cannot know of, the notifier tells it.
  static let cacheSeconds = 3600.0

  let volume: Volume
  let settings: Settings
  let session: Mutex<FuseSession?>
  let hasAliases = Atomic<Bool>(false)
  /// The board does not offer the drive (`storage.disable_usb_drive`): every request but those for the root's own attributes is ENODEV.
  private let isWithdrawn = Atomic<Bool>(false)
  /// Told of each file that `create` opened.
  let onCreated: @Sendable (NodeID) -> Void
  let notifier = Notifier()

  init(volume: Volume, settings: Settings, onCreated: @escaping @Sendable (NodeID) -> Void) {
    self.volume = volume
    self.settings = settings
    self.onCreated = onCreated
    session = Mutex(nil)
  }
}

extension FuseServer {
  /// The server that a request is for.
  static func of(_ request: fuse_req_t?) -> FuseServer { from(fuse_req_userdata(request)) }
  /// The same for what needs the drive's content; answers ENODEV and gives nil while there is none.
  static func serving(_ request: fuse_req_t?) -> FuseServer? {
    let server = of(request)
    if !server.isWithdrawn.load(ordering: .acquiring) { return server }
    fuse_reply_err(request, ENODEV)
    return nil
  }

  /// Takes the drive away from the computer, or gives it back. The mount itself stays, so that nothing is saved into the
  /// folder under it.
  func setWithdrawn(_ isWithdrawn: Bool) {
    self.isWithdrawn.store(isWithdrawn, ordering: .releasing)
    // What the kernel remembers of the root's entries, and all below them, it has to forget.
    for entry in (try? volume.list(.root)) ?? [] { notifier.send(.entry(.root, entry.storedName)) }
    notifier.send(.attributes(.root))
  }

  static func from(_ userdata: UnsafeMutableRawPointer?) -> FuseServer {
    Unmanaged<FuseServer>.fromOpaque(userdata!).takeUnretainedValue()
  }

  /// Options for `fuse_session_new`.
  var mountOptions: String {
    // libfuse splits at commas.
    let name = settings.imageName.map { $0 == "," || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    var options = "default_permissions,max_read=\(Self.maximumTransferBytes),subtype=\(Self.subtype),fsname=\(name)"
    if settings.allowsOthers { options += ",allow_other" }
    // fusermount3 stays behind to do it; root needs no help.
    if geteuid() != 0 { options += ",auto_unmount" }
    return options
  }

  private static func attributes(
    _ request: fuse_req_t?, _ node: FuseNode, _ info: UnsafeMutablePointer<fuse_file_info>?
  ) {
    (node.id == .root ? of(request) : serving(request))?.attributes(request, node, info)
  }

  /// Chooses what the kernel may do by itself.
  static func connect(_ connection: UnsafeMutablePointer<fuse_conn_info>) {
    let unwanted =
      // Requests are copied once anyway.
      FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE
      // The saves must be here when close() returns.
      | FUSE_CAP_WRITEBACK_CACHE
      // Times of two seconds cannot tell what changed; the notifier does.
      | FUSE_CAP_AUTO_INVAL_DATA
      | FUSE_CAP_HANDLE_KILLPRIV
    let wanted = FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_READDIRPLUS_AUTO
    connection.pointee.want &= ~UInt32(unwanted)
    connection.pointee.want |= UInt32(wanted) & connection.pointee.capable
    connection.pointee.max_write = maximumTransferBytes
    // The same as in the mount options, or libfuse ends.
    connection.pointee.max_read = maximumTransferBytes
  }

  /// Every request the kernel may send. What is not here is answered with ENOSYS: extended attributes, ioctl, lseek (the kernel
  /// stops asking), locks (the kernel does them alone), copy_file_range (the kernel copies instead).
  static func makeOperations() -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    operations.`init` = { _, connection in FuseServer.connect(connection!) }
    operations.lookup = { FuseServer.serving($0)?.lookUp($0, FuseNode($1), $2) }
    operations.forget = { request, inode, count in
      FuseServer.of(request).volume.forget(FuseNode(inode).id, count: count)
      fuse_reply_none(request)
    }
    operations.forget_multi = { FuseServer.of($0).forget($0, $2, $1) }
    operations.getattr = { FuseServer.attributes($0, FuseNode($1), $2) }
    operations.setattr = { FuseServer.serving($0)?.setAttributes($0, FuseNode($1), $2, $3, $4) }
    operations.statfs = { request, _ in FuseServer.of(request).statistics(request) }
    operations.mknod = { request, parent, name, mode, _ in
      FuseServer.serving(request)?.makeNode(request, FuseNode(parent), name, mode)
    }
    operations.mkdir = { request, parent, name, _ in
      FuseServer.serving(request)?.makeDirectory(request, FuseNode(parent), name)
    }
    operations.unlink = { FuseServer.serving($0)?.unlink($0, FuseNode($1), $2) }
    operations.rmdir = { FuseServer.serving($0)?.removeDirectory($0, FuseNode($1), $2) }
    operations.rename = { FuseServer.serving($0)?.rename($0, FuseNode($1), $2, FuseNode($3), $4, $5) }
    // FAT has neither kind of link.
    operations.link = { request, _, _, _ in fuse_reply_err(request, EPERM) }
    operations.symlink = { request, _, _, _ in fuse_reply_err(request, EPERM) }
    operations.readlink = { request, _ in fuse_reply_err(request, EPERM) }
    operations.create = { request, parent, name, _, info in
      FuseServer.serving(request)?.create(request, FuseNode(parent), name, info!)
    }
    operations.open = { FuseServer.serving($0)?.open($0, FuseNode($1), $2!) }
    operations.read = { request, _, size, offset, info in
      FuseServer.serving(request)?.read(request, size, offset, info!)
    }
    operations.write = { FuseServer.serving($0)?.write($0, FuseNode($1), $2, $3, $4, $5!) }
    // Nothing is held back, so there is nothing to flush; not the end of a save either (`cat > f` flushes before it writes).
    operations.flush = { request, _, _ in fuse_reply_err(request, 0) }
    operations.release = { request, _, info in
      FuseServer.of(request).volume.close(VolumeHandle(info!.pointee.fh))
      fuse_reply_err(request, 0)
    }
    operations.fsync = { request, _, _, _ in FuseServer.serving(request)?.sync(request) }
    operations.fsyncdir = { request, _, _, _ in FuseServer.serving(request)?.sync(request) }
    operations.fallocate = { FuseServer.serving($0)?.allocate($0, FuseNode($1), $2, $3, $4, $5!) }
    operations.opendir = { FuseServer.serving($0)?.openDirectory($0, FuseNode($1), $2!) }
    operations.readdir = { request, _, size, offset, info in
      FuseServer.serving(request)?.readDirectory(request, size, offset, info!)
    }
    operations.readdirplus = { request, _, size, offset, info in
      FuseServer.serving(request)?.readDirectoryPlus(request, size, offset, info!)
    }
    operations.releasedir = { request, _, info in
      FuseServer.closeDirectory(info!)
      fuse_reply_err(request, 0)
    }
    return operations
  }
}
