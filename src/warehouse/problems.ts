/** Lists every reason for which a request of the warehouse is refused. */
import { defineProblems } from "#platform/problems";

export const warehouseProblems = defineProblems({
  parcel_not_found: { status: 404, title: "There is no such parcel" },
  parcel_cancelled: { status: 409, title: "The order of this parcel has ended" },
  wrong_item: { status: 409, title: "This is not what the parcel needs" },
  picked_by_other: { status: 409, title: "Another person picks this parcel" },
  handed_over: { status: 409, title: "The parcel was handed over" },
  not_picked: { status: 409, title: "Units are still missing in the parcel" },
  scan_mismatch: { status: 422, title: "This scanId was used for another scan" },
});

export type ParcelRefusal = keyof typeof warehouseProblems;

export const details: Record<ParcelRefusal, string> = {
  parcel_not_found: "No order with this id was paid. GET /parcels lists the parcels.",
  parcel_cancelled: "Put its units back on the shelf: nothing is sent for this order.",
  wrong_item: "Scan a unit of the product that the parcel shows.",
  picked_by_other: "Take another parcel, or take this one over: start it with takeOver=true.",
  handed_over: "Nothing can be changed in it any more.",
  not_picked: "Scan each of its units first. If one is missing, report the parcel as short.",
  scan_mismatch: "Make a new scanId for each scan, and send it again with the same code only.",
};
