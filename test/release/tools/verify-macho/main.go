// Verifies the ad-hoc signature of a thin Mach-O executable with a parser that is not ours: every page against its
// hash, and the bounds that the kernel checks before it runs the file.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/blacktop/go-macho"
	"github.com/blacktop/go-macho/pkg/codesign/types"
)

func main() {
	for _, name := range os.Args[1:] {
		if err := verify(name); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func verify(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	file, err := macho.NewFile(bytes.NewReader(content))
	if err != nil {
		return err
	}
	signature := file.CodeSignature()
	if signature == nil {
		return fmt.Errorf("no LC_CODE_SIGNATURE")
	}
	if len(signature.Errors) > 0 {
		return signature.Errors[0]
	}
	if end := uint64(signature.Offset) + uint64(signature.Size); end != uint64(len(content)) {
		return fmt.Errorf("the signature ends at %d, the file at %d", end, len(content))
	}
	linkedit := file.Segment("__LINKEDIT")
	if linkedit == nil || linkedit.Offset+linkedit.Filesz != uint64(len(content)) || linkedit.Memsz < linkedit.Filesz {
		return fmt.Errorf("__LINKEDIT does not end with the file")
	}
	if len(signature.CodeDirectories) != 1 {
		return fmt.Errorf("%d code directories", len(signature.CodeDirectories))
	}
	directory := signature.CodeDirectories[0]
	header := directory.Header
	if header.Flags&types.ADHOC == 0 {
		return fmt.Errorf("not ad-hoc: flags %v", header.Flags)
	}
	if header.CodeLimit != signature.Offset {
		return fmt.Errorf("the hashes cover %d bytes of %d", header.CodeLimit, signature.Offset)
	}
	text := file.Segment("__TEXT")
	if header.ExecSegBase != text.Offset || header.ExecSegLimit != text.Filesz {
		return fmt.Errorf("the executable segment's bounds are wrong")
	}
	page := uint32(1) << header.PageSize
	if want := (header.CodeLimit + page - 1) / page; uint32(len(directory.CodeSlots)) != want {
		return fmt.Errorf("%d hashes for %d pages", len(directory.CodeSlots), want)
	}
	for i, slot := range directory.CodeSlots {
		start := uint32(i) * page
		sum := sha256.Sum256(content[start:min(start+page, header.CodeLimit)])
		if !bytes.Equal(sum[:], slot.Hash) {
			return fmt.Errorf("page %d is %s, not %x", i, hex.EncodeToString(sum[:]), slot.Hash)
		}
	}
	fmt.Printf("%s: %s, %d pages\n", name, directory.ID, len(directory.CodeSlots))
	return nil
}
