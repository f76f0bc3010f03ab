package main

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
)

// parts of an object that is uploaded in pieces, by their numbers.
type parts map[int][]byte

type begun struct {
	XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
	Bucket, Key, UploadId string
}

type wanted struct {
	Parts []struct{ PartNumber int } `xml:"Part"`
}

type finished struct {
	XMLName           xml.Name `xml:"CompleteMultipartUploadResult"`
	Bucket, Key, ETag string
}

func (x *xmlInterface) begin(w http.ResponseWriter, bucket, name string) {
	x.lock.Lock()
	defer x.lock.Unlock()
	x.begun++
	id := strconv.Itoa(x.begun)
	x.uploads[id] = parts{}
	say(w, http.StatusOK, begun{Bucket: bucket, Key: name, UploadId: id})
}

// goOn takes a part of an upload, ends it, or gives it up.
func (x *xmlInterface) goOn(w http.ResponseWriter, r *http.Request, bucket, name string) {
	content, err := io.ReadAll(r.Body)
	x.lock.Lock()
	defer x.lock.Unlock()
	id := r.URL.Query().Get("uploadId")
	got := x.uploads[id]
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "IncompleteBody", err.Error())
	case got == nil:
		refuse(w, http.StatusNotFound, "NoSuchUpload", id)
	case r.Method == http.MethodPut:
		number, _ := strconv.Atoi(r.URL.Query().Get("partNumber"))
		got[number] = content
		w.Header().Set("ETag", quoted(id+"-"+strconv.Itoa(number)))
	case r.Method == http.MethodPost:
		x.finish(w, r, bucket, name, content)
	case r.Method == http.MethodDelete:
		delete(x.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented", r.Method+" "+r.URL.String())
	}
}

func (x *xmlInterface) finish(w http.ResponseWriter, r *http.Request, bucket, name string, order []byte) {
	id := r.URL.Query().Get("uploadId")
	var named wanted
	if err := xml.Unmarshal(order, &named); err != nil {
		refuse(w, http.StatusBadRequest, "MalformedXML", err.Error())
		return
	}
	var content []byte
	for _, part := range named.Parts {
		piece, there := x.uploads[id][part.PartNumber]
		if !there {
			refuse(w, http.StatusBadRequest, "InvalidPart", strconv.Itoa(part.PartNumber))
			return
		}
		content = append(content, piece...)
	}
	delete(x.uploads, id)
	x.store(w, r, bucket, name, content, func(etag string) any { return finished{Bucket: bucket, Key: name, ETag: etag} })
}
