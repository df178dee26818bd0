import CFuse
import Glibc

// memfs MOUNTPOINT: the yardstick of `make bench-drive`, in the foreground until somebody unmounts it.
guard CommandLine.arguments.count == 2 else {
  print("usage: memfs MOUNTPOINT")
  exit(2)
}
var operations = MemoryDrive.makeOperations()
let drive = Unmanaged.passRetained(MemoryDrive())
let options = "default_permissions,max_read=131072,subtype=memfs,fsname=memfs"
guard let session = cfuse_session_new(options, &operations, drive.toOpaque()),
  fuse_session_mount(session, CommandLine.arguments[1]) == 0
else { exit(1) }
_ = cfuse_session_loop_mt(session, 4, 4)
fuse_session_destroy(session)
