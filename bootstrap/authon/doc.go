// Package authon turns etcd's auth on with a way back. AuthEnable asks only that user root
// holds role root. A member without --client-cert-auth ignores the certificate's CN, and no
// client gets in through it any more (facts 2, 3). So a temporary superuser with a password
// exists until root has got in by certificate. The recovery file holds its name and password:
// it is written before the user is made and removed after the user is gone.
//
// [Switch.TurnOn] turns auth on, and [Switch.Heal] continues what a run left that was cut
// off. Both look, let one pure function decide the next step, and do it:
//
//	recovery file | auth | answers to root's certificate    | cluster | age         | step
//	none          | any  | any                              | any     | any         | nothing
//	there         | off  | not asked                        | same    | any         | delete the user, then the file
//	there         | any  | any                              | another | any         | report, change nothing
//	there         | on   | turn on: every member accepts    | same    | any         | delete the user as root, then the file
//	there         | on   | turn on: a member ignores the CN | same    | any         | turn auth off, then delete user and file
//	there         | on   | turn on: the rest                | any     | any         | report, change nothing
//	there         | on   | heal: a member accepts           | same    | any         | delete the user as root, then the file
//	there         | on   | heal: no answer tells            | any     | any         | report, change nothing
//	there         | on   | heal: only members that ignore   | same    | in window   | turn auth off, then delete user and file
//	there         | on   | heal: only members that ignore   | any     | past window | report, change nothing
//
// The cluster's ID is asked on the connection that makes the change, before the change.
package authon
